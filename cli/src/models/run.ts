import { writeFile } from 'node:fs/promises';
import type { ModelResult } from '@second-reader/core/findings/types';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import type { InferenceOutput, ModelPackage } from '@second-reader/core/reading/ports';
import type { Volume } from '@second-reader/core/volume/types';
import { createNodeInference } from '@second-reader/inference/node';
import { writeNifti } from '../phantom/nifti';
import type { Terminal } from '../terminal';
import { loadNative } from './network/native';
import { writeFloatNifti } from './nifti';
import { loadPackage, readVolumes } from './package';

/** A run on native ONNX Runtime, as the archive's own engine would do it. */
export const runNative = async (
  model: ModelPackage,
  volumes: readonly Volume[],
  onProgress: (phase: string, fraction?: number) => void = () => undefined,
  operatingPoint?: string,
): Promise<Outcome<InferenceOutput>> =>
  createNodeInference(await loadNative()).run(
    model,
    volumes,
    { operatingPoint },
    {
      signal: new AbortController().signal,
      onProgress: ({ phase, fraction }) => onProgress(phase, fraction),
    },
  );

const lines = (result: ModelResult): string[] => {
  switch (result.kind) {
    case 'segmentation':
      return result.segments.map(({ segmentNumber, label, measurements }) => {
        const volume = measurements.find(({ name }) => name === 'volume');
        const size = volume ? ` ${volume.value.toFixed(2)} ${volume.unit.value}` : '';
        return `${segmentNumber} ${label.en}${size}`;
      });
    case 'detection':
      return result.detections.map(
        ({ label, score, centroid }) =>
          `${label.en} ${score.toFixed(3)} at LPS ${centroid.map(mm => mm.toFixed(1)).join(', ')} mm`,
      );
    case 'classification':
      return result.classes.map(
        ({ label, score, positive }) => `${label.en} ${score.toFixed(3)}${positive ? ' *' : ''}`,
      );
    default:
      return result.values.map(
        ({ label, measurement }) => `${label.en} ${measurement.value} ${measurement.unit.value}`,
      );
  }
};

/** What a result is written as: a label map as NIfTI, anything else as JSON; maps beside it. */
const write = async (out: string, result: ModelResult): Promise<string[]> => {
  const written: string[] = [];
  const put = async (file: string, bytes: Uint8Array | string) => {
    await writeFile(file, bytes);
    written.push(file);
  };
  const stem = out.replace(/(\.nii(\.gz)?|\.json)$/, '');
  if (result.kind === 'segmentation') {
    const { geometry, voxels } = result.labelMap;
    await put(out, writeNifti(geometry, voxels, 'Second Reader, AI result, not reviewed'));
  } else {
    const { maps: _, ...rest } = result;
    await put(`${stem}.json`, `${JSON.stringify(rest, null, 2)}\n`);
  }
  for (const map of result.maps ?? []) {
    await put(`${stem}-${map.key}.nii.gz`, writeFloatNifti(map.geometry, map.values));
  }
  return written;
};

/** `second-reader models run`: the whole pipeline on NIfTI files, to compare with Python. */
export const runPackage = async (
  terminal: Terminal,
  folder: string,
  options: { volume: string[]; out: string; operatingPoint?: string },
): Promise<Outcome<InferenceOutput>> => {
  const model = await loadPackage(folder);
  if (!model.ok) return model;
  const { manifest } = model.value;
  if (manifest.task === 'segmentation' && !/\.nii\.gz$/.test(options.out)) {
    return refuse('runOutput', `--out ${options.out}: a label map is written as .nii.gz.`, {
      file: options.out,
    });
  }
  const volumes = await readVolumes(manifest, options.volume);
  if (!volumes.ok) return volumes;
  const outcome = await runNative(
    model.value,
    volumes.value,
    (phase, fraction) => terminal.progress(`${phase} ${Math.round(100 * (fraction ?? 0))} %`),
    options.operatingPoint,
  );
  if (!outcome.ok) return outcome;
  lines(outcome.value.output).forEach(line => terminal.say(line));
  const written = await write(options.out, outcome.value.output);
  terminal.say(`Written: ${written.join(', ')}`);
  return accept(outcome.value);
};
