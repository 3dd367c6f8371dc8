/**
 * @jest-environment ./extension/src/inference/testing/ortEnvironment.js
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import type { SliceHeader, Volume } from '@second-reader/core/volume/types';
import { parseManifest } from '@second-reader/core/model/validate';
import { createNodeInference } from '@second-reader/inference/node';
import { makePhantom } from '../../cli/src/phantom';
import { STUDIES } from '../../cli/src/phantom/sample';

/**
 * The reference detector in the product's own pipeline, on native ONNX Runtime. The sample patient's
 * seed is in no training or calibration set.
 */

const folder = path.resolve(__dirname, '../../models/ct-lung-nodules');

const model = () => {
  const json: unknown = JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8'));
  const parsed = parseManifest(json);
  if (!parsed.ok) throw new Error(parsed.refusal.message);
  return { manifest: parsed.value, baseUrl: `${folder}/` };
};

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((x, axis) => x - b[axis]));

describe.each(['prior', 'current'] as const)('the %s study of the sample patient', name => {
  it('has its three nodules found, with at most two false positives', async () => {
    const { volume, truth } = makePhantom(STUDIES[name].options);
    const [columns, rows, count] = volume.geometry.dimensions;
    const slices = Array.from({ length: count }, (_, k): SliceHeader => ({
      sopInstanceUID: `1.2.3.${k + 1}`,
      sopClassUID: '1.2.840.10008.5.1.4.1.1.2',
      rows,
      columns,
      photometricInterpretation: 'MONOCHROME2',
      samplesPerPixel: 1,
      rescaleSlope: 1,
      rescaleIntercept: 0,
      modality: 'CT',
    }));
    const input: Volume = {
      geometry: volume.geometry,
      voxels: volume.voxels,
      modality: 'CT',
      slices,
    };
    const outcome = await createNodeInference(ort, { threads: 2 }).run(
      model(),
      [input],
      {},
      { signal: new AbortController().signal, onProgress: () => undefined },
    );
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    const { output, timing } = outcome.value;
    if (output.kind !== 'detection') throw new Error(`a ${output.kind} came back`);

    // LUNA16's rule: the middle of a detection lies within the nodule's radius.
    const hit = truth.nodules.map(nodule =>
      output.detections.find(
        ({ centroid }) => distance(centroid, nodule.centre) <= nodule.diameter / 2,
      ),
    );
    const wrong = output.detections.filter(({ centroid }) =>
      truth.nodules.every(nodule => distance(centroid, nodule.centre) > nodule.diameter / 2),
    );
    const table = truth.nodules.map((nodule, at) => ({
      diameter: nodule.diameter.toFixed(1),
      score: hit[at]?.score.toFixed(3),
      measured: hit[at]?.size[0].toFixed(1),
      offset: hit[at] && distance(hit[at].centroid, nodule.centre).toFixed(1),
    }));
    console.log(
      `ct-lung-nodules on the ${name} phantom: ${JSON.stringify(table)}, false ` +
        `${JSON.stringify(wrong.map(({ score, centroid }) => [score.toFixed(3), ...centroid.map(Math.round)]))}, ` +
        `timing ${JSON.stringify(timing)}`,
    );
    expect(truth.nodules).toHaveLength(3);
    expect(hit.filter(found => found === undefined)).toHaveLength(0);
    expect(wrong.length).toBeLessThanOrEqual(2);
    // A size within half as much again tells millimetres from voxels, and a diameter from a radius.
    truth.nodules.forEach((nodule, at) => {
      expect(hit[at]!.size[0] / nodule.diameter).toBeGreaterThan(0.6);
      expect(hit[at]!.size[0] / nodule.diameter).toBeLessThan(1.6);
    });
  }, 300_000);
});
