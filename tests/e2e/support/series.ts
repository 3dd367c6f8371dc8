import fs from 'node:fs';
import path from 'node:path';
import { part10 } from '../../../cli/src/testing/dicom';
import { indexToWorld } from '@second-reader/core/geometry/transform';
import { readNifti } from '../../support/nifti';

const SOP_CLASS = { CT: '1.2.840.10008.5.1.4.1.1.2', MR: '1.2.840.10008.5.1.4.1.1.4' } as const;

export interface WrittenSeries {
  folder: string;
  studyInstanceUID: string;
  /** Columns, rows, slices. */
  dimensions: readonly number[];
}

/** A NIfTI volume as a DICOM series of one study, so that the viewer can open what Python was given. */
export const seriesFromNifti = (
  file: string,
  folder: string,
  { modality, patient }: { modality: keyof typeof SOP_CLASS; patient: string },
): WrittenSeries => {
  const { geometry, values } = readNifti(file);
  const [columns, rows, slices] = geometry.dimensions;
  const root = `2.25.${[...patient].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) % 1e12}`;
  const studyInstanceUID = `${root}.1`;
  fs.mkdirSync(folder, { recursive: true });
  for (let k = 0; k < slices; k++) {
    const pixels = Int16Array.from(
      values.subarray(k * columns * rows, (k + 1) * columns * rows),
      value => Math.round(value),
    );
    const position = indexToWorld(geometry, [0, 0, k]);
    fs.writeFileSync(
      path.join(folder, `${k}.dcm`),
      part10({
        SOPClassUID: SOP_CLASS[modality],
        SOPInstanceUID: `${root}.3.${k + 1}`,
        StudyInstanceUID: studyInstanceUID,
        SeriesInstanceUID: `${root}.2`,
        FrameOfReferenceUID: `${root}.4`,
        PatientName: `${patient}^Imported`,
        PatientID: patient.slice(0, 16),
        PatientBirthDate: '',
        PatientSex: 'O',
        StudyDate: '20260102',
        StudyTime: '030405',
        StudyID: '1',
        AccessionNumber: '',
        ReferringPhysicianName: '',
        Modality: modality,
        Manufacturer: 'Second Reader',
        SeriesDescription: 'From NIfTI',
        SeriesNumber: 1,
        InstanceNumber: k + 1,
        ImagePositionPatient: position.map(String),
        ImageOrientationPatient: [...geometry.direction[0], ...geometry.direction[1]].map(cosine =>
          cosine.toFixed(8),
        ),
        PixelSpacing: [geometry.spacing[1], geometry.spacing[0]].map(String),
        SliceThickness: String(geometry.spacing[2]),
        Rows: rows,
        Columns: columns,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        BitsAllocated: 16,
        BitsStored: 16,
        HighBit: 15,
        PixelRepresentation: 1,
        RescaleSlope: '1',
        RescaleIntercept: '0',
        WindowCenter: '500',
        WindowWidth: '1000',
        _vrMap: { PixelData: 'OW' },
        PixelData: pixels.buffer,
      }),
    );
  }
  return { folder, studyInstanceUID, dimensions: geometry.dimensions };
};
