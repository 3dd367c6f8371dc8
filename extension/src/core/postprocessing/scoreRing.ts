import type { LayerSink } from './invertLayers';

type Size3 = readonly [number, number, number];

/** What a network answers in each of its calls, on the grid that the answers together cover. */
export interface AnswerGrid {
  dimensions: Size3;
  /** Of one answer, along i, j, k. */
  size: Size3;
  /**
   * First cell (i, j, k) of each call's answer, negative where it begins outside the grid; k never
   * falls from one call to the next.
   */
  starts: readonly Size3[];
  /** Steps of i, j, k in the answer's tensor, within a channel. */
  strides: Size3;
}

export interface ScoreRing {
  /** Adds [channel, …spatial] of one call; several networks may answer the same call. */
  add(call: number, scores: Float32Array, weight: number): void;
  /** The same for a network that ends in an arg-max: every voxel is one vote for its class. */
  addLabels(call: number, labels: ArrayLike<number>, weight: number): void;
  /** To be called when all networks have answered a call: passes on the layers that are finished. */
  endCall(call: number): void;
  /** Bytes held. */
  bytes: number;
}

/** Bytes that `createScoreRing` will hold: scores and weights of the layers that are in play. */
export const scoreRingBytes = (
  { dimensions: [ni, nj, nk], size }: Pick<AnswerGrid, 'dimensions' | 'size'>,
  channels: number,
): number => (channels + 1) * 4 * ni * nj * Math.min(nk, size[2]);

/**
 * The weighted mean of overlapping answers (MONAI's `sliding_window_inference`) without ever holding
 * the whole volume's scores: calls walk along k, so a layer that no later call reaches is finished,
 * is passed on, and its place is used again. The result is that of summing everything up first, to
 * the last bit: each cell's sums are made in the same order.
 *
 * @param importance weight of each cell of an answer, i fastest
 */
export function createScoreRing(
  grid: AnswerGrid,
  channels: number,
  importance: Float32Array,
  sink: LayerSink,
): ScoreRing {
  const { dimensions, size, starts, strides } = grid;
  const [ni, nj, nk] = dimensions;
  const layerSize = ni * nj;
  const slots = Math.min(nk, size[2]);
  /** [slot][channel][j][i]: a finished layer is one stretch of memory. */
  const scores = new Float32Array(slots * channels * layerSize);
  const weights = new Float32Array(slots * layerSize);
  const answerSize = size[0] * size[1] * size[2];
  let finished = 0;

  /** Where an answer lies within the grid. */
  const within = (call: number) => {
    const start = starts[call];
    const from = start.map(first => Math.max(0, -first));
    const to = start.map((first, axis) => Math.min(size[axis], dimensions[axis] - first));
    return { start, from, to };
  };
  const weighted = (weight: number): Float32Array =>
    weight === 1 ? importance : importance.map(value => value * weight);
  const eachRow = (
    call: number,
    visit: (slot: number, cell: number, tensor: number, row: number, length: number) => void,
  ) => {
    const { start, from, to } = within(call);
    const length = to[0] - from[0];
    for (let k = from[2]; k < to[2]; k++) {
      for (let j = from[1]; j < to[1]; j++) {
        visit(
          (start[2] + k) % slots,
          ni * (start[1] + j) + start[0] + from[0],
          k * strides[2] + j * strides[1] + from[0] * strides[0],
          size[0] * (j + size[1] * k) + from[0],
          length,
        );
      }
    }
  };
  const addWeights = (call: number, byCell: Float32Array) =>
    eachRow(call, (slot, cell, _tensor, row, length) => {
      const base = slot * layerSize + cell;
      for (let i = 0; i < length; i++) {
        weights[base + i] += byCell[row + i];
      }
    });

  return {
    bytes: scores.byteLength + weights.byteLength,
    add(call, answer, weight) {
      if (answer.length !== answerSize * channels) {
        throw new Error(`${answer.length} scores for ${answerSize} cells × ${channels} channels`);
      }
      const byCell = weighted(weight);
      const step = strides[0];
      addWeights(call, byCell);
      for (let c = 0; c < channels; c++) {
        eachRow(call, (slot, cell, tensor, row, length) => {
          const base = (slot * channels + c) * layerSize + cell;
          let from = c * answerSize + tensor;
          for (let i = 0; i < length; i++, from += step) {
            scores[base + i] += answer[from] * byCell[row + i];
          }
        });
      }
    },
    addLabels(call, labels, weight) {
      const byCell = weighted(weight);
      const step = strides[0];
      addWeights(call, byCell);
      eachRow(call, (slot, cell, tensor, row, length) => {
        const base = slot * channels * layerSize + cell;
        for (let i = 0; i < length; i++) {
          scores[base + labels[tensor + i * step] * layerSize + i] += byCell[row + i];
        }
      });
    },
    endCall(call) {
      const reached = call + 1 < starts.length ? Math.max(0, starts[call + 1][2]) : nk;
      for (; finished < reached; finished++) {
        const slot = finished % slots;
        const layer = scores.subarray(
          slot * channels * layerSize,
          (slot + 1) * channels * layerSize,
        );
        const weight = weights.subarray(slot * layerSize, (slot + 1) * layerSize);
        for (let c = 0; c < channels; c++) {
          const base = c * layerSize;
          for (let index = 0; index < layerSize; index++) {
            layer[base + index] /= weight[index];
          }
        }
        sink.push(layer);
        layer.fill(0);
        weight.fill(0);
      }
    },
  };
}

/**
 * For answers that do not overlap, of one network: each layer is read straight out of the tensor,
 * so that what the runtime returned is not held twice. The same interface; answers cover whole
 * layers, and come in order.
 */
export function createLayerReader(grid: AnswerGrid, channels: number, sink: LayerSink): ScoreRing {
  const { size, strides } = grid;
  const [ni, nj, nk] = size;
  const layerSize = ni * nj;
  const answerSize = layerSize * nk;
  const layer = new Float32Array(layerSize * channels);
  const eachLayer = (fill: (cell: number, tensor: number) => void) => {
    for (let k = 0; k < nk; k++) {
      for (let j = 0, cell = 0; j < nj; j++) {
        for (let i = 0; i < ni; i++, cell++) {
          fill(cell, k * strides[2] + j * strides[1] + i * strides[0]);
        }
      }
      sink.push(layer);
    }
  };
  return {
    bytes: layer.byteLength,
    add(_call, answer) {
      for (let k = 0; k < nk; k++) {
        for (let c = 0, cell = 0; c < channels; c++) {
          const base = c * answerSize + k * strides[2];
          for (let j = 0; j < nj; j++) {
            for (let i = 0, at = base + j * strides[1]; i < ni; i++, cell++, at += strides[0]) {
              layer[cell] = answer[at];
            }
          }
        }
        sink.push(layer);
      }
    },
    addLabels(_call, labels) {
      layer.fill(0);
      const voted = Int32Array.from({ length: layerSize }, (_, cell) => cell);
      eachLayer((cell, tensor) => {
        layer[voted[cell]] = 0;
        voted[cell] = labels[tensor] * layerSize + cell;
        layer[voted[cell]] = 1;
      });
    },
    endCall: () => undefined,
  };
}
