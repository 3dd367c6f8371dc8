/** Neighbours that count as connected: 1 = faces (6), 2 = and edges (18), 3 = and corners (26). */
export type Connectivity = 1 | 2 | 3;

export interface Box {
  /** First and (exclusive) last index along i, j, k. */
  from: readonly [number, number, number];
  to: readonly [number, number, number];
}

/**
 * Runs of equal key along i. Most of a label map is long runs, so components are found on runs and
 * not on voxels.
 */
export interface Runs {
  count: number;
  /** Voxel index of the first voxel, and one past the last one. */
  begin: Int32Array;
  end: Int32Array;
  key: Uint8Array;
  /** Index of the first run of each row (j fastest, then k), and the number of runs. */
  rows: Int32Array;
}

function widened<T extends Int32Array | Uint8Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

/**
 * One past the last voxel of the run that begins at `first`, at most `stop`; four voxels at a time
 * where `words`, the same memory, is given.
 */
export function endOfRun(
  voxels: Uint8Array,
  words: Int32Array | undefined,
  first: number,
  stop: number,
): number {
  const value = voxels[first];
  const four = Math.imul(value, 0x01010101);
  let at = first + 1;
  if (words) {
    while ((at & 3) !== 0 && at < stop && voxels[at] === value) {
      at++;
    }
    if ((at & 3) === 0) {
      while (at + 4 <= stop && words[at >> 2] === four) {
        at += 4;
      }
    }
  }
  while (at < stop && voxels[at] === value) {
    at++;
  }
  return at;
}

/**
 * Finds the runs of a label map (i fastest).
 *
 * @param keys by label value: 0 to skip the voxel, else what a run must share
 * @param box where to look; outside it every voxel has a key of 0
 */
export function findRuns(
  voxels: Uint8Array,
  [ni, nj, nk]: readonly [number, number, number],
  keys: Uint8Array,
  box: Box = { from: [0, 0, 0], to: [ni, nj, nk] },
): Runs {
  const rows = new Int32Array(nj * nk + 1);
  let capacity = 1 << 12;
  let begin = new Int32Array(capacity);
  let end = new Int32Array(capacity);
  let key = new Uint8Array(capacity);
  let count = 0;
  const grow = () => {
    capacity *= 2;
    begin = widened(begin, new Int32Array(capacity));
    end = widened(end, new Int32Array(capacity));
    key = widened(key, new Uint8Array(capacity));
  };

  // Four voxels at a time over background, where memory alignment allows.
  const canSkip = keys[0] === 0;
  const words =
    voxels.byteOffset % 4 === 0
      ? new Int32Array(voxels.buffer, voxels.byteOffset, voxels.length >> 2)
      : undefined;
  const [fromI, fromJ, fromK] = box.from;
  const [toI, toJ, toK] = box.to;
  for (let row = 0, j = 0, k = 0; row < nj * nk; row++, j++) {
    rows[row] = count;
    if (j === nj) {
      j = 0;
      k++;
    }
    if (j < fromJ || j >= toJ || k < fromK || k >= toK) {
      continue;
    }
    const stop = row * ni + toI;
    let at = row * ni + fromI;
    while (at < stop) {
      if (canSkip && words) {
        while ((at & 3) === 0 && at + 4 <= stop && words[at >> 2] === 0) {
          at += 4;
        }
        if (at >= stop) {
          break;
        }
      }
      const current = keys[voxels[at]];
      if (current === 0) {
        at++;
        continue;
      }
      const first = at;
      do {
        at = endOfRun(voxels, words, at, stop);
      } while (at < stop && keys[voxels[at]] === current);
      if (count === capacity) {
        grow();
      }
      begin[count] = first;
      end[count] = at;
      key[count] = current;
      count++;
    }
  }
  rows[nj * nk] = count;
  return { count, begin, end, key, rows };
}

/** The runs of `runs` for which `isKept` says so, by their index. */
export function keepRuns(runs: Runs, isKept: (run: number) => boolean): Runs {
  const kept: Runs = {
    count: 0,
    begin: new Int32Array(runs.count),
    end: new Int32Array(runs.count),
    key: new Uint8Array(runs.count),
    rows: new Int32Array(runs.rows.length),
  };
  for (let row = 0; row + 1 < runs.rows.length; row++) {
    kept.rows[row] = kept.count;
    for (let run = runs.rows[row]; run < runs.rows[row + 1]; run++) {
      if (isKept(run)) {
        kept.begin[kept.count] = runs.begin[run];
        kept.end[kept.count] = runs.end[run];
        kept.key[kept.count] = runs.key[run];
        kept.count++;
      }
    }
  }
  kept.rows[runs.rows.length - 1] = kept.count;
  return kept;
}

/**
 * The runs of everything that is not `key`, in a box that holds every run of `key`: made from the
 * whole volume's runs, without looking at a voxel again.
 */
export function complementRuns(
  runs: Runs,
  key: number,
  dimensions: readonly [number, number, number],
  box: Box,
): Runs {
  const [ni, nj] = dimensions;
  const height = box.to[1] - box.from[1];
  const depth = box.to[2] - box.from[2];
  const rows = new Int32Array(height * depth + 1);
  // A row has at most one gap more than it has runs.
  let capacity = height * depth;
  for (let run = 0; run < runs.count; run++) {
    capacity += runs.key[run] === key ? 1 : 0;
  }
  const begin = new Int32Array(capacity);
  const end = new Int32Array(capacity);
  let count = 0;
  for (let k = 0, row = 0; k < depth; k++) {
    for (let j = 0; j < height; j++, row++) {
      rows[row] = count;
      const volumeRow = box.from[1] + j + nj * (box.from[2] + k);
      let open = volumeRow * ni + box.from[0];
      for (let run = runs.rows[volumeRow]; run < runs.rows[volumeRow + 1]; run++) {
        if (runs.key[run] !== key) {
          continue;
        }
        if (runs.begin[run] > open) {
          begin[count] = open;
          end[count++] = runs.begin[run];
        }
        open = runs.end[run];
      }
      const stop = volumeRow * ni + box.to[0];
      if (stop > open) {
        begin[count] = open;
        end[count++] = stop;
      }
    }
  }
  rows[height * depth] = count;
  return { count, begin, end, key: new Uint8Array(count).fill(1), rows };
}

/** The component of each run: the index of the component's first run in memory order. */
export interface Components {
  root: Int32Array;
  /** Voxels in the component, at the index of its root. */
  size: Int32Array;
}

/**
 * Connected components of runs of the same key, by union-find. The same components as
 * `skimage.measure.label(…, connectivity)` finds for each key on its own.
 */
export function connectComponents(
  runs: Runs,
  dimensions: readonly [number, number, number],
  connectivity: Connectivity,
  box: Box = { from: [0, 0, 0], to: dimensions },
): Components {
  const { begin, end, key, rows, count } = runs;
  const [ni, nj] = dimensions;
  const height = box.to[1] - box.from[1];
  const depth = box.to[2] - box.from[2];
  const root = Int32Array.from({ length: count }, (_, index) => index);

  const find = (run: number): number => {
    let at = run;
    while (root[at] !== at) {
      root[at] = root[root[at]];
      at = root[at];
    }
    return at;
  };
  const union = (a: number, b: number): void => {
    const ra = find(a);
    const rb = find(b);
    if (ra < rb) {
      root[rb] = ra;
    } else if (rb < ra) {
      root[ra] = rb;
    }
  };

  /** Joins runs of two rows; `reach` is 1 where rows touch diagonally along i as well. */
  const joinRows = (rowA: number, rowB: number, distance: number, reach: 0 | 1): void => {
    let a = rows[rowA];
    let b = rows[rowB];
    const lastA = rows[rowA + 1];
    const lastB = rows[rowB + 1];
    while (a < lastA && b < lastB) {
      const beginB = begin[b] + distance;
      const endB = end[b] + distance;
      if (end[a] + reach <= beginB) {
        a++;
        continue;
      }
      if (endB + reach <= begin[a]) {
        b++;
        continue;
      }
      if (key[a] === key[b]) {
        union(a, b);
      }
      if (end[a] < endB) {
        a++;
      } else if (endB < end[a]) {
        b++;
      } else {
        // Runs of another key may follow without a gap and touch across the corner.
        if (reach === 1 && a + 1 < lastA && begin[a + 1] === end[a] && key[a + 1] === key[b]) {
          union(a + 1, b);
        }
        if (reach === 1 && b + 1 < lastB && begin[b + 1] === end[b] && key[a] === key[b + 1]) {
          union(a, b + 1);
        }
        a++;
        b++;
      }
    }
  };

  const faceReach = connectivity >= 2 ? 1 : 0;
  const edgeReach = connectivity === 3 ? 1 : 0;
  for (let k = 0, row = 0; k < depth; k++) {
    for (let j = 0; j < height; j++, row++) {
      if (j > 0) {
        joinRows(row, row - 1, ni, faceReach);
      }
      if (k === 0) {
        continue;
      }
      const below = row - height;
      joinRows(row, below, ni * nj, faceReach);
      if (connectivity >= 2 && j > 0) {
        joinRows(row, below - 1, ni * nj + ni, edgeReach);
      }
      if (connectivity >= 2 && j + 1 < height) {
        joinRows(row, below + 1, ni * nj - ni, edgeReach);
      }
    }
  }

  const size = new Int32Array(count);
  for (let run = 0; run < count; run++) {
    const top = find(run);
    root[run] = top;
    size[top] += end[run] - begin[run];
  }
  return { root, size };
}
