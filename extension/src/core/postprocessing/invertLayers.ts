import type { VolumeGeometry } from '../geometry/types';
import type { Box } from './connectedComponents';
import { applySigmoid, applySoftmaxAt, decideAt, decideLayer, type Decision } from './decision';
import type { IndexRange } from '../preprocessing/box';
import { inverseAxes, type InverseAxis } from './inverseGrid';

/** Takes the layers of a network's grid (across its axis k) one after the other, from the first. */
export interface LayerSink {
  /** @param scores [channel][j][i] of the next layer; valid until the call returns */
  push(scores: Float32Array): void;
}

export interface InvertedLabels {
  /** On the source's grid, i fastest. */
  voxels: Uint8Array;
  /** Outside it all is background; undefined when everything is. */
  box: Box | undefined;
}

/** Source indices that lie between the same two network voxels. */
interface Group {
  begin: number;
  end: number;
  lower: number;
  upper: number;
}

function groupsOf({ taps, from, to }: InverseAxis): Group[] {
  const groups: Group[] = [];
  for (let index = from; index < to; index++) {
    const lower = taps.lower[index];
    const upper = taps.upper[index];
    const last = groups[groups.length - 1];
    if (last && last.lower === lower && last.upper === upper) {
      last.end = index + 1;
    } else {
      groups.push({ begin: index, end: index + 1, lower, upper });
    }
  }
  return groups;
}

/** A layer that is still needed: its scores, what they say, and where they are probabilities. */
interface Layer {
  scores: Float32Array;
  codes: Uint8Array;
  isActive: Uint8Array;
}

const MIXED = -1;

/**
 * Brings class scores back onto the source's grid (MONAI's `Invertd` with linear interpolation) and
 * takes the label of each voxel, layer by layer: two layers of scores are held, and none on the
 * source's grid.
 *
 * Between network voxels that agree, the voxels agree with them: scores are interpolated linearly,
 * so a class that is ahead at every corner is ahead inside. Only cells whose corners differ are
 * interpolated, so it takes time with the surface and not with the volume, and what the voxels of a
 * cell have in common is found once for all of them. Softmax, which changes no order, is reckoned
 * only where scores are interpolated.
 *
 * Source voxels more than half a network voxel outside the network's grid are background, and those
 * outside `seen`.
 *
 * @param network the grid that layers come from; its axis k runs from layer to layer
 */
export function createLayerInverter(
  network: VolumeGeometry,
  source: VolumeGeometry,
  decision: Decision,
  seen?: IndexRange,
): LayerSink & { finish(): InvertedLabels } {
  const { channels, valueOf } = decision;
  const [nx, ny, nz] = network.dimensions;
  const size = nx * ny;
  const axes = inverseAxes(source, network, 'bilinear', seen);
  const across = axes.find(({ networkAxis }) => networkAxis === 2)!;
  // Of the other two, the one whose voxels lie closer in memory is walked inside.
  const [inner, outer] = axes.filter(axis => axis !== across);
  const layerStrides = [1, nx];
  const innerLayerStride = layerStrides[inner.networkAxis];
  const outerLayerStride = layerStrides[outer.networkAxis];
  const sourceStrides = [1, source.dimensions[0], source.dimensions[0] * source.dimensions[1]];
  const innerStride = sourceStrides[inner.sourceAxis];
  const outerStride = sourceStrides[outer.sourceAxis];
  const acrossStride = sourceStrides[across.sourceAxis];
  const innerTaps = inner.taps;
  const outerTaps = outer.taps;

  const cells = groupsOf(inner);
  const rowGroups = groupsOf(outer);
  const readyAt: Group[][] = Array.from({ length: nz }, () => []);
  for (const group of groupsOf(across)) {
    readyAt[Math.max(group.lower, group.upper)].push(group);
  }

  const voxels = new Uint8Array(source.dimensions[0] * source.dimensions[1] * source.dimensions[2]);
  const least = [Infinity, Infinity, Infinity];
  const most = [-1, -1, -1];
  const meet = (axis: InverseAxis, begin: number, end: number) => {
    least[axis.sourceAxis] = Math.min(least[axis.sourceAxis], begin);
    most[axis.sourceAxis] = Math.max(most[axis.sourceAxis], end);
  };

  const newLayer = (): Layer => ({
    scores: new Float32Array(size * channels),
    codes: new Uint8Array(size),
    isActive: new Uint8Array(size),
  });
  let [current, previous] = [newLayer(), newLayer()];
  const best = new Float32Array(size);
  let z = -1;

  const width = inner.size;
  /** Code of each column where all four corners agree, or MIXED. */
  const columnCode = new Int16Array(width);
  /** The same for one source row, with mixed columns decided. */
  const rowCode = new Uint8Array(width);
  /** Interpolated scores of a column, reckoned when first needed in a row. */
  const rowScores = new Float64Array(width * channels);
  const hasScores = new Int32Array(width).fill(-1);
  let rowNumber = 0;
  const decide = decideAt;
  const cellScores = new Float64Array(channels);
  const isLazy = decision.rule === 'largest' && decision.softmax;

  const fill = (value: number, begin: number, end: number) => {
    if (innerStride === 1) {
      voxels.fill(value, begin, end);
      return;
    }
    for (let index = begin; index < end; index += innerStride) {
      voxels[index] = value;
    }
  };

  const emitRows = (lower: Layer, upper: Layer, planes: Group, rows: Group) => {
    const y0 = rows.lower * outerLayerStride;
    const y1 = rows.upper * outerLayerStride;
    let first = width;
    let last = -1;
    for (let u = 0, p = 0; u < width; u++, p += innerLayerStride) {
      const code = lower.codes[y0 + p];
      const agrees =
        code === lower.codes[y1 + p] &&
        code === upper.codes[y0 + p] &&
        code === upper.codes[y1 + p];
      columnCode[u] = agrees ? code : MIXED;
      if (!agrees || code !== 0) {
        first = Math.min(first, u);
        last = u;
      }
    }
    if (last < 0) {
      return;
    }
    // Cells reach from one column to the next: those beyond are background.
    const touching = cells.filter(
      cell => Math.max(cell.lower, cell.upper) >= first && Math.min(cell.lower, cell.upper) <= last,
    );
    if (touching.length === 0) {
      return;
    }
    /** Stretches of one value for every row of the group, and the cells that differ by row. */
    const spans: Array<{ begin: number; end: number; value: number }> = [];
    const open: Group[] = [];
    for (const cell of touching) {
      const code = columnCode[cell.lower];
      if (code === MIXED || code !== columnCode[cell.upper]) {
        open.push(cell);
        continue;
      }
      const value = valueOf[code];
      const before = spans[spans.length - 1];
      if (before && before.value === value && before.end === cell.begin) {
        before.end = cell.end;
      } else if (value !== 0) {
        spans.push({ begin: cell.begin, end: cell.end, value });
      }
    }
    if (spans.length === 0 && open.length === 0) {
      return;
    }
    meet(across, planes.begin, planes.end);
    meet(outer, rows.begin, rows.end);
    for (const { begin, end } of [...spans, ...open]) {
      meet(inner, begin, end);
    }
    Object.assign(at, { lower, upper, y0, y1 });
    for (let plane = planes.begin; plane < planes.end; plane++) {
      const wz0 = across.taps.lowerWeight[plane];
      const wz1 = across.taps.upperWeight[plane];
      for (let row = rows.begin; row < rows.end; row++) {
        const target = plane * acrossStride + row * outerStride;
        for (const { begin, end, value } of spans) {
          fill(value, target + begin * innerStride, target + end * innerStride);
        }
        if (open.length > 0) {
          at.w00 = wz0 * outerTaps.lowerWeight[row];
          at.w01 = wz0 * outerTaps.upperWeight[row];
          at.w10 = wz1 * outerTaps.lowerWeight[row];
          at.w11 = wz1 * outerTaps.upperWeight[row];
          emitOpen(open, target);
        }
      }
    }
  };

  const activate = ({ scores, isActive }: Layer, voxel: number) => {
    if (isActive[voxel] === 0) {
      isActive[voxel] = 1;
      applySoftmaxAt(scores, size, voxel);
    }
  };

  // What the row at hand is interpolated from; kept here so that rows make no closures.
  const at = { lower: current, upper: previous, y0: 0, y1: 0, w00: 0, w01: 0, w10: 0, w11: 0 };

  const interpolateColumn = (u: number): void => {
    const { lower, upper, w00, w01, w10, w11 } = at;
    hasScores[u] = rowNumber;
    const p0 = at.y0 + u * innerLayerStride;
    const p1 = at.y1 + u * innerLayerStride;
    if (isLazy) {
      activate(lower, p0);
      activate(lower, p1);
      activate(upper, p0);
      activate(upper, p1);
    }
    const below = lower.scores;
    const above = upper.scores;
    for (let c = 0, base = 0, to = u * channels; c < channels; c++, base += size, to++) {
      rowScores[to] =
        w00 * below[base + p0] +
        w01 * below[base + p1] +
        w10 * above[base + p0] +
        w11 * above[base + p1];
    }
  };

  const codeOf = (u: number): number => {
    if (columnCode[u] !== MIXED) {
      return columnCode[u];
    }
    if (hasScores[u] !== rowNumber) {
      interpolateColumn(u);
      rowCode[u] = decide(rowScores, u * channels, decision);
    }
    return rowCode[u];
  };

  /** Cells of one source row whose corners differ. */
  const emitOpen = (open: readonly Group[], target: number) => {
    rowNumber++;
    for (const { begin, end, lower: u0, upper: u1 } of open) {
      const code = codeOf(u0);
      if (code === codeOf(u1)) {
        if (valueOf[code] !== 0) {
          fill(valueOf[code], target + begin * innerStride, target + end * innerStride);
        }
        continue;
      }
      if (hasScores[u0] !== rowNumber) {
        interpolateColumn(u0);
      }
      if (hasScores[u1] !== rowNumber) {
        interpolateColumn(u1);
      }
      for (let index = begin; index < end; index++) {
        const w0 = innerTaps.lowerWeight[index];
        const w1 = innerTaps.upperWeight[index];
        for (let c = 0; c < channels; c++) {
          cellScores[c] = w0 * rowScores[u0 * channels + c] + w1 * rowScores[u1 * channels + c];
        }
        voxels[target + index * innerStride] = valueOf[decide(cellScores, 0, decision)];
      }
    }
  };

  return {
    push(scores) {
      z++;
      if (z >= nz || scores.length !== size * channels) {
        throw new Error(`layer ${z} of ${scores.length} scores; ${nz} of ${size * channels}`);
      }
      [current, previous] = [previous, current];
      current.scores.set(scores);
      if (decision.rule === 'regions') {
        applySigmoid(current.scores);
      }
      current.isActive.fill(0);
      decideLayer(current.scores, size, decision, current.codes, best);
      for (const planes of readyAt[z]) {
        const lower = planes.lower === z ? current : previous;
        const upper = planes.upper === z ? current : previous;
        for (const rows of rowGroups) {
          emitRows(lower, upper, planes, rows);
        }
      }
    },
    finish() {
      if (z !== nz - 1) {
        throw new Error(`${z + 1} of ${nz} layers came`);
      }
      const box: Box | undefined =
        most[0] < 0
          ? undefined
          : { from: [least[0], least[1], least[2]], to: [most[0], most[1], most[2]] };
      return { voxels, box };
    },
  };
}
