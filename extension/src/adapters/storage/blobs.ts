/**
 * IndexedDB clones an ArrayBuffer where it is put, and the page stands still meanwhile: 80 MB take
 * longer than the 50 ms that it may. A Blob is not cloned, and is made and read a piece at a time.
 */
const PIECE = 2 << 20;

/** Of bytes that were put before, or came from a Blob: they are not copied again. */
const known = new WeakMap<ArrayBuffer | ArrayBufferView, Blob>();

const nextTurn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0));

/** The bytes as a Blob, copied with a turn of the page after every 2 MiB. They must not change. */
export const blobOf = async (bytes: ArrayBuffer | ArrayBufferView<ArrayBuffer>): Promise<Blob> => {
  const made = known.get(bytes);
  if (made) return made;
  const [buffer, from] = ArrayBuffer.isView(bytes) ? [bytes.buffer, bytes.byteOffset] : [bytes, 0];
  const pieces: Blob[] = [];
  for (let at = 0; at < bytes.byteLength; at += PIECE) {
    if (at > 0) await nextTurn();
    const length = Math.min(PIECE, bytes.byteLength - at);
    pieces.push(new Blob([new Uint8Array(buffer, from + at, length)]));
  }
  const blob = new Blob(pieces);
  known.set(bytes, blob);
  return blob;
};

/**
 * The bytes of a Blob, read 2 MiB at a time.
 * @throws DOMException where the browser has lost what it held.
 */
export const bytesOf = async (blob: Blob): Promise<ArrayBuffer> => {
  const bytes = new Uint8Array(blob.size);
  for (let at = 0; at < blob.size; at += PIECE) {
    bytes.set(new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer()), at);
  }
  known.set(bytes.buffer, blob);
  return bytes.buffer;
};
