/**
 * Run-length form of a label map: pairs of (value, length), so that a label map of 80 MB is kept on
 * the workstation in some hundred kilobytes. Anatomy is made of long runs.
 */
export interface RunLengths {
  values: Uint8Array;
  lengths: Uint32Array;
}

/** Voxels scanned before giving way to other work: about 4 ms on a workstation of 2020. */
const CHUNK = 4_000_000;
const giveWay = () => new Promise<void>(resolve => setTimeout(resolve, 0));

/** Encodes without holding the thread for longer than one chunk. */
export const encodeRunLengths = async (voxels: Uint8Array): Promise<RunLengths> => {
  const values: number[] = [];
  const lengths: number[] = [];
  let start = 0;
  let at = 0;
  while (at < voxels.length) {
    const end = Math.min(voxels.length, at + CHUNK);
    for (; at < end; at++) {
      if (voxels[at] !== voxels[start]) {
        values.push(voxels[start]);
        lengths.push(at - start);
        start = at;
      }
    }
    if (at < voxels.length) await giveWay();
  }
  if (voxels.length > 0) {
    values.push(voxels[start]);
    lengths.push(voxels.length - start);
  }
  return { values: Uint8Array.from(values), lengths: Uint32Array.from(lengths) };
};

/** @throws when the runs do not add up to `size` voxels: the record was damaged. */
export const decodeRunLengths = ({ values, lengths }: RunLengths, size: number): Uint8Array => {
  const voxels = new Uint8Array(size);
  let at = 0;
  for (let run = 0; run < lengths.length; run++) {
    // An absent value or a run past the end is a damaged record, caught by the sum below.
    voxels.fill(values[run], at, at + lengths[run]);
    at += lengths[run];
  }
  if (at !== size || values.length !== lengths.length) {
    throw new Error(`Runs add up to ${at} voxels; the label map has ${size}`);
  }
  return voxels;
};
