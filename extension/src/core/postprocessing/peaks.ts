import { applySigmoid } from './decision';
import type { LayerSink } from './invertLayers';

/** A cell of a heat map that no neighbour exceeds. */
export interface Peak {
  /** Index of the heat map's channel. */
  channel: number;
  /** Cell (i, j, k). */
  cell: readonly [number, number, number];
  score: number;
  /** What stands in the size channels there, as the network gave it. */
  sizes: number[];
}

/** More peaks than this are no answer but noise: the strongest of each layer are kept. */
const MOST_IN_LAYER = 2000;

/**
 * Finds the peaks of a heat map (CenterNet: the 3×3×3 maximum instead of suppressing boxes; Zhou
 * et al., Objects as Points, 2019) while its layers come, three of which are held. Of a plateau the
 * cell first in memory is the peak.
 *
 * @param dimensions of the heat map, cells along i, j, k
 * @param heats channels of heat; the rest of a layer's channels are sizes
 * @param threshold the least probability; 0 keeps every peak that is more than 0
 */
export function createPeakFinder(
  [ni, nj, nk]: readonly [number, number, number],
  heats: number,
  { activation, threshold }: { activation: 'sigmoid' | 'none'; threshold: number },
): LayerSink & { finish(): Peak[] } {
  const layerSize = ni * nj;
  const layers: Float32Array[] = [];
  const peaks: Peak[] = [];
  let z = -1;

  /** Whether a neighbour is higher, or as high and earlier in memory. */
  const isExceeded = (channel: number, i: number, j: number, score: number): boolean => {
    const base = channel * layerSize;
    for (let dz = -1; dz <= 1; dz++) {
      const layer = layers[1 + dz];
      if (layer.length === 0) {
        continue;
      }
      for (let y = Math.max(0, j - 1); y <= Math.min(nj - 1, j + 1); y++) {
        for (let x = Math.max(0, i - 1); x <= Math.min(ni - 1, i + 1); x++) {
          const other = layer[base + x + ni * y];
          const order = dz || y - j || x - i;
          if (other > score || (other === score && order < 0)) {
            return true;
          }
        }
      }
    }
    return false;
  };

  /** Peaks of the middle of three layers. */
  const search = (k: number) => {
    const layer = layers[1];
    const channels = layer.length / layerSize;
    const found: Peak[] = [];
    for (let channel = 0; channel < heats; channel++) {
      for (let index = 0; index < layerSize; index++) {
        const score = layer[channel * layerSize + index];
        if (score < threshold || score <= 0) {
          continue;
        }
        const i = index % ni;
        const j = (index - i) / ni;
        if (isExceeded(channel, i, j, score)) {
          continue;
        }
        const sizes: number[] = [];
        for (let c = heats; c < channels; c++) {
          sizes.push(layer[c * layerSize + index]);
        }
        found.push({ channel, cell: [i, j, k], score, sizes });
      }
    }
    found.sort((a, b) => b.score - a.score);
    peaks.push(...found.slice(0, MOST_IN_LAYER));
  };

  const none = new Float32Array(0);
  const shift = (next: Float32Array) => {
    layers.push(next);
    if (layers.length > 3) {
      layers.shift();
    }
    if (layers.length === 3 && layers[1].length > 0) {
      search(z - 1);
    }
  };
  layers.push(none);

  return {
    push(scores) {
      z++;
      const copy = scores.slice();
      if (activation === 'sigmoid') {
        applySigmoid(copy.subarray(0, heats * layerSize));
      }
      shift(copy);
    },
    finish() {
      if (z !== nk - 1) {
        throw new Error(`${z + 1} of ${nk} layers came`);
      }
      z++;
      shift(none);
      return peaks;
    },
  };
}
