import { open } from 'node:fs/promises';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';
import {
  describePixels,
  frameCount,
  frameOf,
  frameRanges,
  frameTableOf,
  type FrameTable,
  type PixelDescription,
} from '../part10/frames';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  transferSyntaxOf,
} from '../part10/transferSyntax';
import type { Archive } from '../store/archive';
import type { Instance } from '../store/catalog';
import { typeMatches, type Acceptable } from '../http/accept';
import { decodeFrame } from './decode';

/** Where the frames of an instance lie; found once. */
export async function framesOf(
  archive: Archive,
  instance: Instance,
): Promise<Outcome<{ table: FrameTable; pixels: PixelDescription }>> {
  if (instance.frames) {
    return accept(instance.frames);
  }
  const read = await archive.read(instance);
  if (!read.ok) return read;
  const table = frameTableOf(read.value);
  if (!table.ok) return table;
  instance.frames = { table: table.value, pixels: describePixels(read.value) };
  return accept(instance.frames);
}

/**
 * One frame as stored (native pixels in little endian). `number` is from 1. Refuses with `noFrame`
 * beyond the last one.
 */
export async function readFrame(
  archive: Archive,
  instance: Instance,
  number: number,
): Promise<Outcome<Buffer>> {
  const frames = await framesOf(archive, instance);
  if (!frames.ok) return frames;
  const { table } = frames.value;
  const count = frameCount(table);
  if (!Number.isInteger(number) || number < 1 || number > count) {
    return refuse(
      'noFrame',
      `Frame ${number} was asked for; the instance has frames 1 to ${count}.`,
      {
        number,
        count,
      },
    );
  }
  if (instance.transferSyntaxUID === DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN) {
    const read = await archive.read(instance);
    if (!read.ok) return read;
    const { bytes } = read.value;
    const ranges = frameRanges(table, number).map(r =>
      bytes.subarray(r.offset, r.offset + r.length),
    );
    return accept(frameOf(table, number, ranges));
  }
  try {
    const handle = await open(instance.file, 'r');
    try {
      const ranges: Buffer[] = [];
      for (const { offset, length } of frameRanges(table, number)) {
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await handle.read(bytes, 0, length, offset);
        if (bytesRead < length) {
          return refuse('archiveReadFailed', 'The stored file is shorter than when it was stored.');
        }
        ranges.push(bytes);
      }
      return accept(frameOf(table, number, ranges));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return refuse('archiveReadFailed', `The stored file cannot be read (${reason}).`, { reason });
  }
}

/** How frames are handed out: as stored, or decoded to native pixels. */
export interface Representation {
  multipart: boolean;
  mediaType: string;
  transferSyntax: string;
  decode: boolean;
}

/**
 * Which representation of its frames an Accept header asks for (PS3.18 8.7.3.4 and 8.7.4): as stored
 * for `transfer-syntax=*`, its own syntax or its own media type; native for application/octet-stream
 * without a transfer syntax (whose default is Explicit VR Little Endian) and where that is named.
 */
export function chooseRepresentation(
  accepted: Acceptable[],
  transferSyntaxUID: string,
): Representation | undefined {
  const syntax = transferSyntaxOf(transferSyntaxUID);
  const native = {
    mediaType: 'application/octet-stream',
    transferSyntax: EXPLICIT_VR_LITTLE_ENDIAN,
  };
  const stored = syntax.encapsulated
    ? { mediaType: syntax.mediaType, transferSyntax: syntax.uid, decode: false }
    : { ...native, decode: false };
  for (const { multipart, type, transferSyntax } of accepted) {
    const single = !multipart && !typeMatches(type, 'multipart/related');
    const asStored =
      transferSyntax === '*' ||
      transferSyntax === stored.transferSyntax ||
      (transferSyntax === undefined && typeMatches(type, stored.mediaType));
    const typeAllowed =
      typeMatches(type, stored.mediaType) ||
      (transferSyntax !== undefined && type === native.mediaType);
    if (asStored && typeAllowed) {
      return { multipart: !single, ...stored };
    }
    const asNative = transferSyntax === undefined || transferSyntax === EXPLICIT_VR_LITTLE_ENDIAN;
    if (asNative && typeMatches(type, native.mediaType)) {
      return { multipart: !single, ...native, decode: true };
    }
  }
  return undefined;
}

/** A frame in a representation. */
export async function representFrame(
  archive: Archive,
  instance: Instance,
  number: number,
  representation: Representation,
): Promise<Outcome<Buffer>> {
  const frame = await readFrame(archive, instance, number);
  if (!frame.ok || !representation.decode || !instance.frames) {
    return frame;
  }
  const decoded = await decodeFrame(
    frame.value,
    instance.transferSyntaxUID,
    instance.frames.pixels,
  );
  return decoded.ok ? accept(decoded.value.bytes) : decoded;
}
