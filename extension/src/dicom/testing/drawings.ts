import type {
  AnnotationFinding,
  CodedConcept,
  Finding,
  ForeignOrigin,
  KeyImageFinding,
  MapFinding,
  QualitativeEvaluation,
  RunResult,
  Shape,
} from '../../core/findings/types';
import type { Vec3 } from '../../core/geometry/types';
import { uidFrom } from '../../core/model/identity';
import type { SliceHeader } from '../../core/volume/types';
import { runOfKind, runOn, slicesOf } from './runs';

const sct = (value: string, meaning: string): CodedConcept => ({ value, scheme: 'SCT', meaning });

/** Around the middle of the small grids of `slicesOf`: LPS+ millimetres. */
const at = (x: number, y: number, z = -297.25): Vec3 => [-176 + x, -168 + y, z];

/** One drawing of each kind that can stand in space. */
export const SHAPES: Record<string, Shape[]> = {
  point: [{ graphicType: 'POINT', points: [at(0, 0)] }],
  'line with words': [{ graphicType: 'POLYLINE', points: [at(0, 0), at(3, 1)], text: 'Довжина' }],
  polygon: [{ graphicType: 'POLYGON', points: [at(0, 0), at(3, 0), at(3, 2)] }],
  ellipse: [{ graphicType: 'ELLIPSE', points: [at(-2, 0), at(2, 0), at(0, -1), at(0, 1)] }],
  circle: [{ graphicType: 'CIRCLE', points: [at(0, 0), at(2, 0)] }],
  ellipsoid: [
    {
      graphicType: 'ELLIPSOID',
      points: [at(-2, 0), at(2, 0), at(0, -1), at(0, 1), at(0, 0, -298.25), at(0, 0, -296.25)],
    },
  ],
  'several polygons': [0, 1.5].map(z => ({
    graphicType: 'POLYGON',
    points: [at(0, 0, -297.25 + z), at(3, 0, -297.25 + z), at(3, 2, -297.25 + z)],
  })),
  'two lines': [0, 2].map(y => ({ graphicType: 'POLYLINE', points: [at(0, y), at(3, y)] })),
  'many points': [{ graphicType: 'MULTIPOINT', points: [at(0, 0), at(1, 0), at(2, 0)] }],
};

const diameter = {
  name: 'diameter',
  concept: sct('81827009', 'Diameter'),
  value: 8.25,
  unit: { value: 'mm', scheme: 'UCUM', meaning: 'millimeter' },
};

const EVALUATIONS: QualitativeEvaluation[] = [
  {
    concept: { value: '111040', scheme: 'DCM', meaning: 'Overall Impression' },
    value: sct('2931005', 'Probable diagnosis'),
  },
  { concept: { value: '121106X', scheme: '99TEST', meaning: 'Margin' }, value: 'Нечіткий' },
];

/** A run whose one finding is of a kind that our models do not make themselves. */
const runWith = (
  slices: SliceHeader[],
  key: string,
  make: (
    base: Pick<
      AnnotationFinding,
      | 'id'
      | 'trackingIdentifier'
      | 'runId'
      | 'measurements'
      | 'middleSlice'
      | 'centroid'
      | 'referencedSOPInstanceUID'
      | 'referencedFrameNumber'
      | 'concept'
    >,
  ) => Finding,
): RunResult => {
  const run = runOfKind('nothing', slices);
  const runId = uidFrom('test', 'run', key, slices[0].sopInstanceUID);
  const middleSlice = Math.floor(slices.length / 2);
  const finding = make({
    id: uidFrom('test', 'finding', runId),
    trackingIdentifier: `drawn/${key}`,
    runId,
    measurements: [diameter],
    middleSlice,
    centroid: at(0, 0),
    referencedSOPInstanceUID: slices[middleSlice].sopInstanceUID,
    referencedFrameNumber: slices[middleSlice].frameNumber,
    concept: {
      key,
      label: { en: 'Lesion', uk: 'Ураження' },
      category: sct('49755003', 'Morphologically Abnormal Structure'),
      type: sct('52988006', 'Lesion'),
    },
  });
  return { ...run, runId, findings: [finding] };
};

export const annotationRun = (slices: SliceHeader[], key: string, shapes: Shape[]): RunResult =>
  runWith(slices, key, base => ({
    ...base,
    kind: 'annotation',
    shapes,
    score: 0.75,
    evaluations: EVALUATIONS,
  }));

export const keyImageRun = (slices: SliceHeader[]): RunResult =>
  runWith(slices, 'key-image', ({ ...base }): KeyImageFinding => ({
    ...base,
    kind: 'keyImage',
    measurements: [],
    images: [1, 2].map(k => ({
      sopInstanceUID: slices[k].sopInstanceUID,
      ...(slices[k].frameNumber !== undefined && { frameNumber: slices[k].frameNumber }),
    })),
    text: 'Подивіться',
  }));

export const mapRun = (slices: SliceHeader[]): RunResult =>
  runWith(slices, 'saliency', (base): MapFinding => ({
    ...base,
    kind: 'map',
    measurements: [],
    mapKey: 'saliency',
  }));

/** A projection radiograph: one image, with its pixels' size and no place in the patient. */
export const radiograph = (): SliceHeader[] => {
  const [slice] = slicesOf({ columns: 40, rows: 30, slices: 1 });
  const {
    imagePositionPatient: _position,
    imageOrientationPatient: _orientation,
    sliceThickness: _thickness,
    ...rest
  } = slice;
  return [
    {
      ...rest,
      sopClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
      modality: 'DX',
      pixelSpacing: [0.5, 0.25],
    },
  ];
};

export const FOREIGN: ForeignOrigin = {
  instances: [
    {
      sopClassUID: '1.2.840.10008.5.1.4.1.1.88.34',
      sopInstanceUID: '1.2.826.0.1.3680043.8.498.77',
      seriesInstanceUID: '1.2.826.0.1.3680043.8.498.78',
    },
    {
      sopClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
      sopInstanceUID: '1.2.826.0.1.3680043.8.498.79',
      seriesInstanceUID: '1.2.826.0.1.3680043.8.498.80',
    },
  ],
  manufacturer: 'Other Vendor',
  manufacturerModelName: 'Other Model',
  algorithmType: 'automatic',
};

/** A result of another program, of two segments with measurements. */
export const foreignRun = (slices: SliceHeader[]): RunResult => {
  const run = runOn(slices);
  const { engine: _engine, ...provenance } = run.provenance;
  return {
    ...run,
    provenance: {
      ...provenance,
      modelId: 'Other Model',
      modelName: 'Other Model',
      modelVersion: '7.1',
      modelSha256: '',
      manufacturer: 'Other Vendor',
      softwareVersion: '7.1',
    },
    foreign: FOREIGN,
  };
};
