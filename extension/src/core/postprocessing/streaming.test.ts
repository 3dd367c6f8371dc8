import type { VolumeGeometry } from '../geometry/types';
import { indexToWorld, worldToIndex } from '../geometry/transform';
import { importanceMap, planWindows } from '../preprocessing/slidingWindow';
import { accumulate, createAccumulator, finish } from '../preprocessing/slidingWindow.testing';
import { applySoftmaxAt, decisionOf, type Decision } from './decision';
import { invertLabels } from './invert';
import { invertScores } from './wholeScores.testing';
import { permuteAxes } from './inverseGrid';
import { createScoreRing } from './scoreRing';

/** What is streamed, against the same reckoned all at once, plainly and slowly. */

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

const axes = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
    [-1, 0, 0],
  ],
  // i runs along the patient, so the layers of the network lie across the source's fastest axis.
  upright: [
    [0, 0, -1],
    [1, 0, 0],
    [0, -1, 0],
  ],
} as const;

const gridOf = (
  dimensions: [number, number, number],
  spacing: [number, number, number],
  origin: [number, number, number],
  orientation: keyof typeof axes = 'axial',
): VolumeGeometry => ({ dimensions, spacing, origin, direction: axes[orientation] });

const network = gridOf([7, 6, 5], [2.1, 1.9, 2.6], [-4, -3, -2]);
const [nx, ny, nz] = network.dimensions;
const size = nx * ny * nz;

/** How many differ: Jest's own comparison of large arrays takes seconds. */
const differing = (a: ArrayLike<number>, b: ArrayLike<number>, except?: Uint8Array): number => {
  expect(a.length).toBe(b.length);
  let count = 0;
  for (let at = 0; at < a.length; at++) count += a[at] === b[at] || except?.[at] ? 0 : 1;
  return count;
};

/** Label of each source voxel: scores interpolated with eight corners, for every voxel. */
function plainly(
  scores: Float32Array,
  decision: Decision,
  source: VolumeGeometry,
): { labels: Uint8Array; isNear: Uint8Array } {
  const [ni, nj, nk] = source.dimensions;
  const labels = new Uint8Array(ni * nj * nk);
  // Where two classes are equal but for rounding, either is right.
  const isNear = new Uint8Array(labels.length);
  let at = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, at++) {
        const index = worldToIndex(network, indexToWorld(source, [i, j, k]));
        const isOutside = index.some(
          (x, axis) => x < -0.5 - 1e-6 || x > network.dimensions[axis] - 0.5 + 1e-6,
        );
        if (isOutside) continue;
        const place = index.map((x, axis) =>
          Math.min(Math.max(x, 0), network.dimensions[axis] - 1),
        );
        const values = Array.from({ length: decision.channels }, (_, c) => {
          let sum = 0;
          for (let corner = 0; corner < 8; corner++) {
            let weight = 1;
            const cell = place.map((x, axis) => {
              const lower = Math.min(Math.floor(x), network.dimensions[axis] - 1);
              const isUpper = (corner >> axis) & 1;
              weight *= isUpper ? x - lower : 1 - (x - lower);
              return Math.min(lower + isUpper, network.dimensions[axis] - 1);
            });
            sum += weight * scores[c * size + cell[0] + nx * (cell[1] + ny * cell[2])];
          }
          return sum;
        });
        if (decision.rule === 'regions') {
          decision.channelOf.forEach((channel, region) => {
            if (values[channel] >= decision.threshold) labels[at] = decision.valueOf[region + 1];
            if (Math.abs(values[channel] - decision.threshold) < 1e-9) isNear[at] = 1;
          });
          continue;
        }
        const best = values.indexOf(Math.max(...values));
        labels[at] = decision.valueOf[best];
        const second = Math.max(...values.filter((_, c) => c !== best));
        if (values[best] - second < 1e-9) isNear[at] = 1;
      }
    }
  }
  return { labels, isNear };
}

const label = (value: number) => ({ value }) as never;
const output = (over: object) =>
  ({
    type: 'labelMap',
    name: 'y',
    encoding: 'scores',
    activation: 'none',
    classes: 4,
    labels: [label(1), label(3)],
    ...over,
  }) as never;

const sources: Record<string, VolumeGeometry> = {
  'the network’s extent, axial': gridOf([19, 17, 11], [0.75, 0.6, 1.05], [-4, -3, -2]),
  'more than the network saw': gridOf([30, 26, 17], [0.75, 0.6, 1.05], [-8, -6, -5]),
  'less than it (padded)': gridOf([9, 7, 6], [0.75, 0.6, 1.05], [-1, 0, 1]),
  'sagittal, feet first': gridOf([16, 14, 20], [0.8, 0.9, 0.7], [9, -3.2, 8.5], 'sagittal'),
  'layers across its fastest axis': gridOf([15, 18, 12], [0.7, 0.8, 0.9], [-4.5, 6, 8], 'upright'),
  'coarser than the network': gridOf([4, 3, 3], [4, 4.4, 4.9], [-4, -3, -2]),
};

describe.each(Object.entries(sources))('inverting onto %s', (_, source) => {
  const random = randomOf(3);
  const scores = Float32Array.from({ length: size * 4 }, () => 4 * random() - 2);

  it('agrees with interpolating every voxel (arg-max of scores)', () => {
    const decision = decisionOf(output({}));
    const met = invertScores({ scores, classes: 4, geometry: network }, source, decision);
    const { labels, isNear } = plainly(scores, decision, source);
    expect(differing(met, labels, isNear)).toBe(0);
    expect(new Set(met)).toEqual(new Set([0, 1, 3]));
  });

  it('agrees with softmax everywhere first', () => {
    const decision = decisionOf(output({ activation: 'softmax' }));
    const met = invertScores({ scores, classes: 4, geometry: network }, source, decision);
    const probabilities = scores.slice();
    for (let voxel = 0; voxel < size; voxel++) applySoftmaxAt(probabilities, size, voxel);
    const { labels } = plainly(probabilities, decision, source);
    expect(differing(met, labels)).toBe(0);
  });

  it('agrees for regions', () => {
    const decision = decisionOf(
      output({ activation: 'sigmoid', labels: [label(4), label(2)] }),
      0.6,
    );
    const met = invertScores({ scores, classes: 4, geometry: network }, source, decision);
    const { labels } = plainly(
      scores.map(x => 1 / (1 + Math.exp(-x))),
      decision,
      source,
    );
    expect(differing(met, labels)).toBe(0);
  });

  it('makes what the network did not see background, for label maps too', () => {
    const met = invertLabels(new Uint8Array(size).fill(7), network, source);
    const [ni, nj] = source.dimensions;
    const expected = met.map((_value, at) => {
      const index: [number, number, number] = [
        at % ni,
        Math.floor(at / ni) % nj,
        Math.floor(at / ni / nj),
      ];
      const place = worldToIndex(network, indexToWorld(source, index));
      const isInside = place.every(
        (x, axis) => x > -0.5 - 1e-6 && x < network.dimensions[axis] - 0.5 + 1e-6,
      );
      return isInside ? 7 : 0;
    });
    expect(differing(met, expected)).toBe(0);
  });
});

describe('createScoreRing', () => {
  it.each([
    [[13, 11, 17], [6, 5, 4], 0.5, 'zyx'],
    [[13, 11, 17], [6, 5, 7], 0.25, 'xyz'],
    [[5, 4, 3], [8, 8, 8], 0.5, 'zyx'],
    [[9, 9, 20], [4, 4, 6], 0, 'zyx'],
  ] as const)(
    'gives what summing up first gives, to the last bit: %j by %j',
    (dims, roi, overlap, order) => {
      const channels = 3;
      const plan = planWindows(dims, { roiSize: [...roi], overlap });
      const importance = importanceMap(roi, { mode: 'gaussian', sigmaScale: 0.125 });
      const random = randomOf(11);
      const windowSize = roi[0] * roi[1] * roi[2];
      const answers = plan.starts.map(() =>
        Float32Array.from({ length: windowSize * channels }, () => random() - 0.5),
      );
      const whole = createAccumulator(plan, channels);
      answers.forEach((answer, window) =>
        accumulate(whole, plan, window, answer, importance, order),
      );
      const expected = finish(whole);

      const layerSize = dims[0] * dims[1];
      const streamed = new Float32Array(expected.length);
      let z = 0;
      const strides =
        order === 'zyx'
          ? ([1, roi[0], roi[0] * roi[1]] as const)
          : ([roi[1] * roi[2], roi[2], 1] as const);
      const ring = createScoreRing(
        { dimensions: dims, size: roi, starts: plan.starts, strides },
        channels,
        importance,
        {
          push(layer) {
            for (let c = 0; c < channels; c++) {
              streamed.set(
                layer.subarray(c * layerSize, (c + 1) * layerSize),
                (c * dims[2] + z) * layerSize,
              );
            }
            z++;
          },
        },
      );
      expect(ring.bytes).toBeLessThanOrEqual((expected.byteLength * 4) / 3);
      answers.forEach((answer, window) => {
        ring.add(window, answer, 1);
        ring.endCall(window);
      });
      expect(z).toBe(dims[2]);
      expect(differing(streamed, expected)).toBe(0);
    },
  );
});

test('a grid with its axes in another order has its voxels in the same places', () => {
  const turned = permuteAxes(network, [2, 0, 1]);
  expect(turned.dimensions).toEqual([5, 7, 6]);
  expect(indexToWorld(turned, [4, 1, 2])).toEqual(indexToWorld(network, [1, 2, 4]));
});
