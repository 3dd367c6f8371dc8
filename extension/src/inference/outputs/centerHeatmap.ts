import type { Tensor } from 'onnxruntime-common';
import type { OutputOf } from '../../core/model/manifest';
import { accept, refuse } from '../../core/outcome';
import type { ScoredBox } from '../../core/postprocessing/nms';
import { createPeakFinder, type Peak } from '../../core/postprocessing/peaks';
import type { AnswerGrid, ScoreRing } from '../../core/postprocessing/scoreRing';
import { stridesOf } from '../calls';
import { checkDense } from '../promises';
import { averageOnto, type Collector, type CollectorContext } from './collector';

type Size3 = readonly [number, number, number];
const map3 = <T>(f: (axis: 0 | 1 | 2) => T): [T, T, T] => [f(0), f(1), f(2)];

/** Peaks of a heat map with their sizes: boxes on the network's grid. */
export const centerHeatmapCollector = (
  context: CollectorContext,
  output: OutputOf<'centerHeatmap'>,
  threshold: number,
): Collector & { finish(): ScoredBox[] } => {
  const { calls, model } = context;
  const { grid, order, answerShape } = calls;
  const { isReversed } = calls;
  const { name, activation, labels, sizeEncoding, fixedSize } = output;
  // Calls may walk along another axis than k: the stride is turned with the grid.
  const stride = map3(axis => output.stride[order[axis]]);
  const cells = (size: Size3): Size3 => map3(axis => Math.ceil(size[axis] / stride[axis]));
  const size = cells(grid.size);
  const cellGrid: AnswerGrid = {
    dimensions: cells(grid.dimensions),
    size,
    starts: grid.starts.map(start => map3(axis => start[axis] / stride[axis])),
    strides: stridesOf(size, isReversed ? 'zyx' : 'xyz'),
  };
  const shape =
    answerShape.length === 3
      ? isReversed
        ? [size[2], size[1], size[0]]
        : [...size]
      : isReversed
        ? [size[1], size[0]]
        : [size[0], size[1]];
  const heats = Math.max(...labels.map(({ value }) => value)) + 1;
  const cellCount = size[0] * size[1] * size[2];

  let averaged: { ring: ScoreRing; finish(): Peak[]; sizes: number } | undefined;
  let joined: Float32Array | undefined;
  const start = (sizes: number) => {
    const finder = createPeakFinder(cellGrid.dimensions, heats, { activation, threshold });
    const ring = averageOnto(context, cellGrid, heats + sizes, finder);
    return (averaged ??= { ring, finish: finder.finish, sizes });
  };

  /** Edges in millimetres along the axes of the turned grid. */
  const sizeOf = (sizes: readonly number[]): Size3 => {
    const read = (value: number) => (sizeEncoding === 'logMm' ? Math.exp(value) : value);
    if (sizes.length === 0) {
      if (fixedSize === undefined) {
        throw new Error(`${model}: neither "size" nor "fixedSize": the manifest was not validated`);
      }
      return [fixedSize, fixedSize, fixedSize];
    }
    return map3(axis => read(sizes[sizes.length === 1 ? 0 : order[axis]]));
  };

  return {
    names: output.size === undefined ? [name] : [name, output.size],
    take(call, answers, weight) {
      const heat = checkDense({ model, output: name }, answers[name] as Tensor | undefined, {
        least: heats,
        shape,
      });
      if (!heat.ok) return heat;
      const maps = heat.value.values.subarray(0, heats * cellCount);
      if (output.size === undefined) {
        start(0).ring.add(call, maps, weight);
        return accept(undefined);
      }
      const given = answers[output.size] as Tensor | undefined;
      const promised = { model, output: output.size };
      const sizes = checkDense(promised, given, { shape });
      if (!sizes.ok) return sizes;
      const { channels, values } = sizes.value;
      const expected = averaged?.sizes ?? (channels === 3 ? 3 : 1);
      if (channels !== expected) {
        return refuse(
          'modelOutputShape',
          `Model ${model}: output "${output.size}" has ${channels} channels; 1 (a diameter) or 3 (along i, j and k) are allowed`,
          { ...promised, actual: given!.dims.join('×'), declared: `1×(1 | 3)×${shape.join('×')}` },
        );
      }
      const { ring } = start(expected);
      joined ??= new Float32Array((heats + expected) * cellCount);
      joined.set(maps);
      joined.set(values, heats * cellCount);
      ring.add(call, joined, weight);
      return accept(undefined);
    },
    endCall: call => averaged?.ring.endCall(call),
    finish() {
      const peaks = averaged?.finish() ?? [];
      const known = new Set(labels.map(({ value }) => value));
      return peaks
        .filter(({ channel }) => known.has(channel))
        .map(({ channel, cell, score, sizes }) => ({
          classValue: channel,
          score,
          // A cell stands for the middle of the voxels that it covers.
          center: map3(axis => cell[axis] * stride[axis] + (stride[axis] - 1) / 2),
          size: sizeOf(sizes),
        }))
        .filter(({ size: edges }) => edges.every(edge => edge > 0 && Number.isFinite(edge)));
    },
  };
};
