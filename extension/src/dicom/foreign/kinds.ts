/** What is done with an object of another program, by its SOP Class (PS3.6 A). */
export type ForeignKind =
  'segmentation' | 'report' | 'presentation' | 'map' | 'keyObjects' | 'capture';

const STORAGE = '1.2.840.10008.5.1.4.1.1';

const KINDS: Record<string, ForeignKind> = {
  '66.4': 'segmentation',
  '66.7': 'segmentation',
  '88.11': 'report',
  '88.22': 'report',
  '88.33': 'report',
  '88.34': 'report',
  '88.35': 'report',
  '88.50': 'report',
  '88.65': 'report',
  '88.69': 'report',
  '88.59': 'keyObjects',
  '11.1': 'presentation',
  '11.2': 'presentation',
  '11.3': 'presentation',
  '11.5': 'presentation',
  '30': 'map',
  '7': 'capture',
  '7.1': 'capture',
  '7.2': 'capture',
  '7.3': 'capture',
  '7.4': 'capture',
};

/** Results that are known by name and not shown. */
const NAMES: Record<string, string> = {
  '11.4': 'Blending Softcopy Presentation State',
  '11.8': 'Advanced Blending Presentation State',
  '66.1': 'Spatial Registration',
  '66.3': 'Deformable Spatial Registration',
  '66.5': 'Surface Segmentation',
  '66.6': 'Tractography Results',
  '67': 'Real World Value Mapping',
  '88.40': 'Procedure Log',
  '88.67': 'X-Ray Radiation Dose SR',
  '88.68': 'Radiopharmaceutical Radiation Dose SR',
  '88.71': 'Acquisition Context SR',
  '91.1': 'Microscopy Bulk Simple Annotations',
  '104.1': 'Encapsulated PDF',
  '481.2': 'RT Dose',
  '481.3': 'RT Structure Set',
  '481.5': 'RT Plan',
};

const shortOf = (sopClassUID: string): string =>
  sopClassUID.startsWith(`${STORAGE}.`) ? sopClassUID.slice(STORAGE.length + 1) : sopClassUID;

export const kindOf = (sopClassUID: string): ForeignKind | undefined => KINDS[shortOf(sopClassUID)];

export const nameOf = (sopClassUID: string): string => NAMES[shortOf(sopClassUID)] ?? sopClassUID;
