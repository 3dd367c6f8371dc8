import { indexToWorld } from '../geometry/transform';
import { add, cross, dot, scale, subtract } from '../geometry/vector';
import type { Vec3 } from '../geometry/types';
import { sha256Hex, sha256HexOfText, uidFrom } from '../model/identity';
import type { ModelManifest } from '../model/manifest';
import type { InferenceOutput, ModelPackage } from '../reading/ports';
import type { SliceHeader } from '../volume/types';
import { canonicalResult, canonicalText } from './canonical';
import type {
  Finding,
  FindingConcept,
  ModelResult,
  Provenance,
  RunResult,
  ScalarMap,
  SourceSeries,
} from './types';

/** Where a finding is shown: its slice and its point. */
interface Place {
  middleSlice: number;
  centroid: Vec3;
}

/** What every finding of a run has in common, from its key and its place. */
type Common = (
  key: string,
  place: Place,
) => Omit<Extract<Finding, { kind: 'regression' }>, 'kind' | 'concept' | 'measurements'>;

/** The middle of a whole series: of its middle slice. A picture without a place has its own plane. */
const middleOf = (slices: readonly SliceHeader[]): Place => {
  const middleSlice = Math.floor(slices.length / 2);
  const slice = slices[middleSlice];
  const [betweenRows, betweenColumns] = slice.pixelSpacing ?? [1, 1];
  const [ix, iy, iz, jx, jy, jz] = slice.imageOrientationPatient ?? [1, 0, 0, 0, 1, 0];
  const across = scale([ix, iy, iz], ((slice.columns - 1) / 2) * betweenColumns);
  const down = scale([jx, jy, jz], ((slice.rows - 1) / 2) * betweenRows);
  const origin = slice.imagePositionPatient ?? [0, 0, 0];
  return { middleSlice, centroid: add(add(origin, across), down) };
};

/** Where a map is highest, and the slice nearest to it; of pictures without a place, the middle. */
const peakOf = ({ values, geometry }: ScalarMap, slices: readonly SliceHeader[]): Place => {
  const { imageOrientationPatient } = slices[0];
  const positions = slices.flatMap(({ imagePositionPatient }) =>
    imagePositionPatient ? [imagePositionPatient] : [],
  );
  if (!imageOrientationPatient || positions.length < slices.length) return middleOf(slices);
  let highest = 0;
  values.forEach((value, index) => {
    if (value > values[highest]) highest = index;
  });
  const [columns, rows] = geometry.dimensions;
  const centroid = indexToWorld(geometry, [
    highest % columns,
    Math.floor(highest / columns) % rows,
    Math.floor(highest / (columns * rows)),
  ]);
  const [rx, ry, rz, cx, cy, cz] = imageOrientationPatient;
  const normal = cross([rx, ry, rz], [cx, cy, cz]);
  const distances = positions.map(position => Math.abs(dot(subtract(centroid, position), normal)));
  return { middleSlice: distances.indexOf(Math.min(...distances)), centroid };
};

/** Each map beside a result is a thing to be looked at and judged. */
const mapFindings = (
  maps: readonly ScalarMap[],
  slices: readonly SliceHeader[],
  common: Common,
): Finding[] =>
  maps.map(map => ({
    ...common(`map-${map.key}`, peakOf(map, slices)),
    kind: 'map',
    concept: { key: map.key, label: map.label, type: map.concept },
    mapKey: map.key,
    measurements: [],
  }));

/** “Nodule 2”, in every language of the label. */
const numbered = (concept: FindingConcept, ordinal: number): FindingConcept => ({
  ...concept,
  key: `${concept.key}-${ordinal}`,
  label: Object.fromEntries(
    Object.entries(concept.label).map(([language, text]) => [language, `${text} ${ordinal}`]),
  ) as FindingConcept['label'],
});

const conceptOf = ({
  key,
  label,
  category,
  type,
  modifier,
  recommendedDisplayCIELab,
}: FindingConcept): FindingConcept => ({
  key,
  label,
  ...(category && { category }),
  type,
  ...(modifier && { modifier }),
  ...(recommendedDisplayCIELab && { recommendedDisplayCIELab }),
});

const findingsOf = (
  result: ModelResult,
  slices: readonly SliceHeader[],
  common: Common,
): Finding[] => {
  const middle = () => middleOf(slices);
  switch (result.kind) {
    case 'segmentation':
      return result.segments
        .filter(({ voxelCount }) => voxelCount > 0)
        .map(({ measurements, middleSlice, centroid, voxelCount: _voxelCount, ...segment }) => ({
          ...common(segment.key, { middleSlice, centroid }),
          kind: 'segment',
          segment,
          measurements,
        }));
    case 'detection': {
      const counts = new Map<string, number>();
      return result.detections.map(detection => {
        const ordinal = (counts.get(detection.key) ?? 0) + 1;
        counts.set(detection.key, ordinal);
        const concept = numbered(conceptOf(detection), ordinal);
        const { score, size, measurements } = detection;
        return {
          ...common(concept.key, detection),
          kind: 'detection',
          concept,
          score,
          size,
          measurements,
        };
      });
    }
    case 'classification':
      return result.classes
        .filter(({ positive }) => positive)
        .map(each => ({
          ...common(each.key, middle()),
          kind: 'classification',
          concept: conceptOf(each),
          score: each.score,
          measurements: [],
        }));
    case 'regression':
      return result.values.map(each => ({
        ...common(each.key, middle()),
        kind: 'regression',
        concept: conceptOf(each),
        measurements: [each.measurement],
      }));
  }
};

/** The manifest's operating point of that key, its first one without a key. */
const operatingPointOf = (
  { operatingPoints }: ModelManifest,
  key: string | undefined,
): Provenance['operatingPoint'] => {
  const found = operatingPoints?.find(point => point.key === key) ?? operatingPoints?.[0];
  return found && { key: found.key, threshold: found.threshold };
};

/**
 * Id of the run that makes a result again after it was withdrawn: the note hides for good what was
 * stored under the earlier one, and with it whatever would be stored under it again.
 */
export const runAgain = (runId: string): string => uidFrom('run again', runId);

/**
 * Names what a model produced. The run's id derives from the model's files, its version, the source
 * instances, the operating point and the result itself, so the same result has the same UIDs
 * wherever and whenever it was made, and two different results never share one.
 *
 * A finding is what a reader can judge: a segment that has a voxel, each detection, each class that
 * is there, each value, and each map. A run may have none.
 *
 * @param request.operatingPoint key of the manifest's operating point that was asked for
 * @param request.isWithdrawn whether a run was withdrawn from the archive: a result that was is
 *   another run each time it is made after that
 */
export const runResultFrom = async (request: {
  model: ModelPackage;
  source: SourceSeries;
  inference: InferenceOutput;
  operatingPoint?: string;
  startedAt: string;
  softwareVersion: string;
  isWithdrawn?(runId: string): boolean;
}): Promise<RunResult> => {
  const { manifest } = request.model;
  const { engine, timing } = request.inference;
  const { slices } = request.source;
  const output = canonicalResult(request.inference.output);
  const networks = manifest.files.filter(file => file.role === 'network');
  if (networks.length === 0) throw new Error(`Manifest ${manifest.id} names no network file`);
  const operatingPoint = operatingPointOf(manifest, request.operatingPoint);
  const resultHash =
    output.kind === 'segmentation'
      ? await sha256Hex(output.labelMap.voxels)
      : sha256HexOfText(canonicalText(output));
  let runId = uidFrom(
    'run',
    manifest.id,
    manifest.version,
    networks.map(({ sha256 }) => sha256).join(' '),
    slices.map(slice => `${slice.sopInstanceUID}#${slice.frameNumber ?? 1}`).join(' '),
    resultHash,
    ...(operatingPoint ? [`${operatingPoint.key} ${operatingPoint.threshold}`] : []),
  );
  while (request.isWithdrawn?.(runId)) runId = runAgain(runId);
  const common: Common = (key, { middleSlice, centroid }) => ({
    id: uidFrom('finding', runId, key),
    trackingIdentifier: `${manifest.id}/${key}`,
    runId,
    middleSlice,
    centroid,
    referencedSOPInstanceUID: slices[middleSlice].sopInstanceUID,
    referencedFrameNumber: slices[middleSlice].frameNumber,
  });
  return {
    runId,
    source: request.source,
    provenance: {
      modelId: manifest.id,
      modelVersion: manifest.version,
      modelName: manifest.name.en,
      // Of a chain no file alone is the model: the hash of all networks' hashes, in their order.
      modelSha256: manifest.stages
        ? sha256HexOfText(networks.map(({ sha256 }) => sha256).join(' '))
        : networks[0].sha256,
      licence: manifest.facts.licence,
      engine,
      startedAt: request.startedAt,
      timing,
      softwareVersion: request.softwareVersion,
      manufacturer: manifest.facts.manufacturer,
      algorithmFamily: manifest.facts.algorithmFamily,
      ...(operatingPoint && { operatingPoint }),
    },
    ...(output.kind === 'segmentation' && { labelMap: output.labelMap }),
    ...(output.maps && output.maps.length > 0 && { maps: output.maps }),
    findings: [
      ...findingsOf(output, slices, common),
      ...mapFindings(output.maps ?? [], slices, common),
    ],
  };
};
