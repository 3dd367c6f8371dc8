import type { ParsedDataset } from './parse';

export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';
const DEFLATED_IMAGE_FRAME = '1.2.840.10008.1.2.8.1';

/** Compressed transfer syntaxes whose pixels are decoded here: segmentations come in them. */
export const DECODED_SYNTAXES: readonly string[] = [RLE_LOSSLESS, DEFLATED_IMAGE_FRAME];

/** JPEG, JPEG-LS, JPEG 2000, MPEG and HTJ2K: the data set is read, its pixels are left in fragments. */
export const ENCAPSULATED_SYNTAXES = /^1\.2\.840\.10008\.1\.2\.4\.\d+$/;

const numberOf = (dataset: ParsedDataset, keyword: string, otherwise: number): number => {
  const value = dataset[keyword];
  const first = Array.isArray(value) ? value[0] : undefined;
  return typeof first === 'number' && Number.isFinite(first) ? first : otherwise;
};

/** Undoes PackBits (PS3.5 G.3.1) of one segment into every `step`-th byte. */
function unpackBits(packed: Uint8Array, into: Uint8Array, first: number, step: number): void {
  let to = first;
  for (let at = 0; at < packed.length && to < into.length;) {
    const header = packed[at++];
    if (header === 0x80) continue;
    const count = header < 0x80 ? header + 1 : 257 - header;
    if (step === 1 && header > 0x80) {
      into.fill(packed[at], to, to + count);
      to += count;
      at += 1;
      continue;
    }
    for (let index = 0; index < count && to < into.length; index++, to += step) {
      into[to] = header < 0x80 ? packed[at + index] : packed[at];
    }
    at += header < 0x80 ? count : 1;
  }
}

/** One frame of RLE Lossless (PS3.5 G): a segment a byte of a pixel, the highest byte first. */
function decodeRle(fragment: Uint8Array, frame: Uint8Array, bytesOfSample: number): void {
  const header = new DataView(fragment.buffer, fragment.byteOffset, fragment.byteLength);
  const segments = header.getUint32(0, true);
  if (segments === 0 || segments > 15 || segments % bytesOfSample !== 0) {
    throw new Error(`a frame has ${segments} RLE segments, its samples ${bytesOfSample} bytes`);
  }
  for (let segment = 0; segment < segments; segment++) {
    const start = header.getUint32(4 + segment * 4, true);
    const end = segment + 1 < segments ? header.getUint32(8 + segment * 4, true) : fragment.length;
    const sample = Math.floor(segment / bytesOfSample);
    const byte = bytesOfSample - 1 - (segment % bytesOfSample);
    unpackBits(fragment.subarray(start, end), frame, sample * bytesOfSample + byte, segments);
  }
}

const inflate = async (bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(
    await new Response(
      new Blob([bytes as Uint8Array<ArrayBuffer>])
        .stream()
        .pipeThrough(new DecompressionStream('deflate-raw')),
    ).arrayBuffer(),
  );

/** A fragment is of even length; the byte that makes it so is no part of the deflated frame. */
const inflateFragment = (fragment: Uint8Array): Promise<Uint8Array> =>
  inflate(fragment).catch(error => {
    if (fragment.at(-1) !== 0) throw error;
    return inflate(fragment.subarray(0, -1));
  });

/** Writes the first `count` bits of a frame behind the bits of those before it (PS3.5 8.1.1). */
function appendBits(frame: Uint8Array, count: number, at: number, into: Uint8Array): void {
  if (at % 8 === 0 && count % 8 === 0) {
    into.set(frame.subarray(0, count / 8), at / 8);
    return;
  }
  for (let bit = 0; bit < count; bit++) {
    if ((frame[bit >>> 3] >>> (bit & 7)) & 1) into[(at + bit) >>> 3] |= 1 << ((at + bit) & 7);
  }
}

/**
 * The frames of RLE Lossless or Deflated Image Frame Compression as native Pixel Data, little endian,
 * one fragment a frame. Throws with what is wrong.
 */
export async function decodedFrames(syntax: string, dataset: ParsedDataset): Promise<Uint8Array> {
  const fragments = (dataset.PixelData as ParsedDataset[]).map(
    ({ Fragment }) => Fragment as Uint8Array,
  );
  const frames = numberOf(dataset, 'NumberOfFrames', 1);
  const bitsAllocated = numberOf(dataset, 'BitsAllocated', 8);
  const samples = numberOf(dataset, 'Rows', 0) * numberOf(dataset, 'Columns', 0);
  const bits = samples * numberOf(dataset, 'SamplesPerPixel', 1) * bitsAllocated;
  if (fragments.length !== frames) {
    throw new Error(`PixelData has ${fragments.length} fragments for ${frames} frames`);
  }
  const native = new Uint8Array(Math.ceil((frames * bits) / 8));
  if (syntax === RLE_LOSSLESS) {
    if (bitsAllocated % 8 !== 0)
      throw new Error(`RLE of ${bitsAllocated} bits a pixel is not read`);
    fragments.forEach((fragment, index) => {
      const frame = native.subarray((index * bits) / 8, ((index + 1) * bits) / 8);
      decodeRle(fragment, frame, bitsAllocated / 8);
    });
    return native;
  }
  for (const [index, fragment] of fragments.entries()) {
    const frame = await inflateFragment(fragment);
    if (frame.length * 8 < bits) {
      throw new Error(
        `frame ${index + 1} is inflated to ${frame.length} bytes, ${bits} bits are due`,
      );
    }
    appendBits(frame, bits, index * bits, native);
  }
  return native;
}
