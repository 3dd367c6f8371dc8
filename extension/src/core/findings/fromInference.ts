import { sha256Hex, uidFrom } from '../model/identity';
import type { InferenceOutput, ModelPackage } from '../reading/ports';
import type { SliceHeader } from '../volume/types';
import type { Finding, RunResult, SegmentationOutput, SourceSeries } from './types';

const findingOf = (
  runId: string,
  modelId: string,
  segment: SegmentationOutput['segments'][number],
  slices: SliceHeader[],
): Finding => {
  const { measurements, middleSlice, centroid, voxelCount: _voxelCount, ...declared } = segment;
  const slice = slices[middleSlice];
  return {
    id: uidFrom('finding', runId, segment.key),
    trackingIdentifier: `${modelId}/${segment.key}`,
    runId,
    kind: 'segment',
    segment: declared,
    measurements,
    middleSlice,
    centroid,
    referencedSOPInstanceUID: slice.sopInstanceUID,
    referencedFrameNumber: slice.frameNumber,
  };
};

/**
 * Names what a model produced. The run's id derives from the model file, its version, the source
 * instances and the label map itself, so the same result has the same UIDs wherever and whenever
 * it was made, and two different results never share one.
 *
 * A segment without a voxel is no finding: there is nothing to show and nothing to judge.
 */
export const runResultFrom = async (request: {
  model: ModelPackage;
  source: SourceSeries;
  inference: InferenceOutput;
  startedAt: string;
  softwareVersion: string;
}): Promise<RunResult> => {
  const { manifest } = request.model;
  const { output, engine, timing } = request.inference;
  const network = manifest.files.find(file => file.role === 'network');
  if (!network) throw new Error(`Manifest ${manifest.id} names no network file`);
  const labelMapHash = await sha256Hex(output.labelMap.voxels);
  const instances = request.source.slices
    .map(slice => `${slice.sopInstanceUID}#${slice.frameNumber ?? 1}`)
    .join(' ');
  const runId = uidFrom(
    'run',
    manifest.id,
    manifest.version,
    network.sha256,
    instances,
    labelMapHash,
  );
  return {
    runId,
    source: request.source,
    provenance: {
      modelId: manifest.id,
      modelVersion: manifest.version,
      modelName: manifest.name.en,
      modelSha256: network.sha256,
      licence: manifest.facts.licence,
      engine,
      startedAt: request.startedAt,
      timing,
      softwareVersion: request.softwareVersion,
      manufacturer: manifest.facts.manufacturer,
      algorithmFamily: manifest.facts.algorithmFamily,
    },
    labelMap: output.labelMap,
    findings: output.segments
      .filter(segment => segment.voxelCount > 0)
      .map(segment => findingOf(runId, manifest.id, segment, request.source.slices)),
  };
};
