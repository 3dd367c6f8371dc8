import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { axisCodes, slicePlane } from '@second-reader/core/geometry/axes';
import { cross, dot, scale } from '@second-reader/core/geometry/vector';
import { planVolume } from '@second-reader/core/volume/assemble';
import type { SliceHeader } from '@second-reader/core/volume/types';
import { DATA, needs } from '../support/needs';

/** The part of dcmjs used here; it has no type declarations. */
const dcmjs = createRequire(__filename)('dcmjs') as {
  log: { setLevel(level: 'silent'): void };
  data: {
    DicomMessage: {
      readFile(
        bytes: ArrayBuffer,
        options: { untilTag: string; includeUntilTagValue: boolean },
      ): { dict: object };
    };
    DicomMetaDictionary: { naturalizeDataset(dict: object): object };
  };
};

/** Plans volumes of real studies, whose geometry is known from their SOURCE and INDEX. */

const STUDIES = path.join(DATA, 'dicom');
const withStudy = (folder: string) => needs({ data: `dicom/${folder}` });

const numbers = z.array(z.coerce.number());
const triple = z.tuple([z.coerce.number(), z.coerce.number(), z.coerce.number()]);
const first = <T>(value: T | T[] | undefined): T | undefined =>
  Array.isArray(value) ? value[0] : value;
const sequence = z.preprocess(first, z.looseObject({}).optional());
const groupSchema = z.looseObject({
  PlanePositionSequence: z
    .preprocess(first, z.looseObject({ ImagePositionPatient: triple.optional() }))
    .optional(),
  PlaneOrientationSequence: z
    .preprocess(first, z.looseObject({ ImageOrientationPatient: numbers.length(6).optional() }))
    .optional(),
  PixelMeasuresSequence: z
    .preprocess(first, z.looseObject({ PixelSpacing: numbers.length(2).optional() }))
    .optional(),
});
const headerSchema = z.looseObject({
  SOPInstanceUID: z.string(),
  SOPClassUID: z.string(),
  SeriesInstanceUID: z.string(),
  InstanceNumber: z.coerce.number().optional(),
  NumberOfFrames: z.coerce.number().optional(),
  Rows: z.number(),
  Columns: z.number(),
  SamplesPerPixel: z.number(),
  PhotometricInterpretation: z.string(),
  Modality: z.string(),
  PixelSpacing: numbers.length(2).optional(),
  ImagePositionPatient: triple.optional(),
  ImageOrientationPatient: numbers.length(6).optional(),
  GantryDetectorTilt: z.coerce.number().optional(),
  SharedFunctionalGroupsSequence: sequence,
  PerFrameFunctionalGroupsSequence: z.array(z.unknown()).optional(),
});
type Header = z.infer<typeof headerSchema>;

// Real files break rules of the standard that do not matter here; dcmjs would list each one.
dcmjs.log.setLevel('silent');

function read(file: string): Header {
  const bytes = readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const message = dcmjs.data.DicomMessage.readFile(buffer, {
    untilTag: '7FE00010',
    includeUntilTagValue: false,
  });
  const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(message.dict);
  return headerSchema.parse(JSON.parse(JSON.stringify(dataset)));
}

/** One header an instance, or one a frame. */
function slicesOf(header: Header): SliceHeader[] {
  const base = {
    sopInstanceUID: header.SOPInstanceUID,
    sopClassUID: header.SOPClassUID,
    instanceNumber: header.InstanceNumber,
    rows: header.Rows,
    columns: header.Columns,
    photometricInterpretation: header.PhotometricInterpretation,
    samplesPerPixel: header.SamplesPerPixel,
    rescaleSlope: 1,
    rescaleIntercept: 0,
    modality: header.Modality,
    gantryDetectorTilt: header.GantryDetectorTilt,
  };
  const frames = header.PerFrameFunctionalGroupsSequence;
  if (!frames) {
    return [
      {
        ...base,
        pixelSpacing: header.PixelSpacing as SliceHeader['pixelSpacing'],
        imagePositionPatient: header.ImagePositionPatient,
        imageOrientationPatient:
          header.ImageOrientationPatient as SliceHeader['imageOrientationPatient'],
      },
    ];
  }
  const shared = groupSchema.parse(header.SharedFunctionalGroupsSequence ?? {});
  return frames.map((frame, index) => {
    const own = groupSchema.parse(frame);
    const orientation = own.PlaneOrientationSequence ?? shared.PlaneOrientationSequence;
    const measures = own.PixelMeasuresSequence ?? shared.PixelMeasuresSequence;
    return {
      ...base,
      frameNumber: index + 1,
      pixelSpacing: measures?.PixelSpacing as SliceHeader['pixelSpacing'],
      imagePositionPatient: own.PlanePositionSequence?.ImagePositionPatient,
      imageOrientationPatient:
        orientation?.ImageOrientationPatient as SliceHeader['imageOrientationPatient'],
    };
  });
}

/** The slices of the largest series under a folder, as the file system lists them. */
function seriesIn(folder: string): SliceHeader[] {
  const root = path.join(STUDIES, folder);
  const files = root.endsWith('.dcm')
    ? [root]
    : readdirSync(root, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile() && entry.name.endsWith('.dcm'))
        .map(entry => path.join(entry.parentPath, entry.name));
  const bySeries = new Map<string, SliceHeader[]>();
  for (const header of files.map(read)) {
    const slices = bySeries.get(header.SeriesInstanceUID) ?? [];
    bySeries.set(header.SeriesInstanceUID, [...slices, ...slicesOf(header)]);
  }
  return [...bySeries.values()].sort((a, b) => b.length - a.length)[0];
}

function planned(folder: string) {
  const outcome = planVolume(seriesIn(folder));
  if (!outcome.ok) {
    throw new Error(outcome.refusal.message);
  }
  return outcome.value.geometry;
}

const PLANNED: Array<[string, [number, number, number], number, string]> = [
  ['chest_ct_nlst', [512, 512, 143], 2, 'LPS'],
  ['chest_ct_cptac_lscc', [512, 512, 99], 3, 'LPS'],
  ['chest_petct_acrin_nsclc/ct', [512, 512, 135], 3.27, 'LPS'],
  ['abdomen_ct_totalsegmentator_j2k', [512, 512, 20], 2, 'LPS'],
  ['brain_t1c_vs_seg_jpegls', [512, 512, 120], 1.5, 'LPS'],
  ['enhanced_multiframe/eCT_Supplemental.dcm', [512, 512, 2], 10, 'RPI'],
  ['enhanced_multiframe/philips_enhanced_mr_anatomical.dcm', [256, 256, 8], 1.2, 'PIR'],
  ['enhanced_multiframe/siemens_multiframe_mr_anatomical.dcm', [256, 256, 8], 0.9, 'LPS'],
];
for (const [folder, dimensions, sliceSpacing, codes] of PLANNED) {
  withStudy(folder).it(`${folder} is planned`, () => {
    const geometry = planned(folder);
    expect(geometry.dimensions).toEqual(dimensions);
    expect(geometry.spacing[2]).toBeCloseTo(sliceSpacing, 3);
    expect(axisCodes(geometry)).toBe(codes);
    expect(slicePlane(geometry)).toBe(codes === 'PIR' ? 'sagittal' : 'axial');
  });
}

const REFUSED: Array<[string, string, Record<string, unknown>]> = [
  ['head_ct_gantry_tilt_variable_spacing', 'gantryTilt', { met: 18.5 }],
  ['odd_geometry/gantrytilting', 'gantryTilt', { met: 14 }],
  ['odd_geometry/sliceincrement', 'gantryTilt', { met: 15.5 }],
  ['cr_wg04', 'missingPosition', {}],
  // Magnitude and phase stand at the same places.
  ['enhanced_multiframe/qa_enh_Philips_IM_0027_fMAP.dcm', 'duplicatePosition', { met: 0 }],
];
for (const [folder, code, values] of REFUSED) {
  withStudy(folder).it(`${folder} is refused: ${code}`, () => {
    const outcome = planVolume(seriesIn(folder));
    expect(outcome).toMatchObject({ ok: false, refusal: { code, values } });
  });
}

/** The same slices with the tilt taken out: what is wrong with them besides. */
function straightened(folder: string): SliceHeader[] {
  return seriesIn(folder).map(slice => {
    const iop = slice.imageOrientationPatient!;
    const normal = cross([iop[0], iop[1], iop[2]], [iop[3], iop[4], iop[5]]);
    const along = dot(slice.imagePositionPatient!, normal);
    return { ...slice, imagePositionPatient: scale(normal, along) };
  });
}

const TILTED: Array<[string, string]> = [
  ['head_ct_gantry_tilt_variable_spacing', 'unevenSpacing'],
  ['odd_geometry/sliceincrement', 'missingSlices'],
];
for (const [folder, code] of TILTED) {
  withStudy(folder).it(`${folder}, its tilt taken out, is refused: ${code}`, () => {
    const outcome = planVolume(straightened(folder));
    expect(outcome).toMatchObject({ ok: false, refusal: { code } });
  });
}

withStudy('chest_ct_nlst').it('a slice taken out of a real chest CT is named', () => {
  const slices = seriesIn('chest_ct_nlst');
  const without = slices.filter(({ instanceNumber }) => instanceNumber !== 70);
  expect(without).toHaveLength(slices.length - 1);
  const outcome = planVolume(without);
  expect(outcome).toMatchObject({
    ok: false,
    refusal: { code: 'missingSlices', values: { missing: 1, met: 4, usual: 2 } },
  });
});
