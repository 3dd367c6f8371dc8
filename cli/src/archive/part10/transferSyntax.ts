/** What the archive must know of a transfer syntax: how to read its data set and how to name its frames. */
export interface TransferSyntax {
  uid: string;
  explicitVR: boolean;
  littleEndian: boolean;
  deflated: boolean;
  /** Pixel data are in fragments (PS3.5 A.4). */
  encapsulated: boolean;
  /** Media type of one frame (PS3.18 table 8.7.3-5, and 8.7.3-6 for video). */
  mediaType: string;
}

export const IMPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_VR_BIG_ENDIAN = '1.2.840.10008.1.2.2';
export const RLE_LOSSLESS = '1.2.840.10008.1.2.5';

const JPEG = '1.2.840.10008.1.2.4.';

/** By the last component of 1.2.840.10008.1.2.4.x. */
function encapsulatedMediaType(last: number): string {
  if (last >= 50 && last <= 70) return 'image/jpeg';
  if (last === 80 || last === 81) return 'image/jls';
  if (last === 90 || last === 91) return 'image/jp2';
  if (last === 92 || last === 93) return 'image/jpx';
  if (last === 100 || last === 101) return 'video/mpeg';
  if (last >= 102 && last <= 108) return 'video/mp4';
  if (last >= 110 && last <= 112) return 'image/jxl';
  if (last >= 201 && last <= 203) return 'image/jphc';
  return 'application/octet-stream';
}

/**
 * The transfer syntax of a UID. An unknown UID is taken for an encapsulated explicit little endian
 * one: all that PS3.5 added since 1996 are.
 */
export function transferSyntaxOf(uid: string): TransferSyntax {
  const native = (
    explicitVR: boolean,
    littleEndian: boolean,
    deflated: boolean,
  ): TransferSyntax => ({
    uid,
    explicitVR,
    littleEndian,
    deflated,
    encapsulated: false,
    mediaType: 'application/octet-stream',
  });
  switch (uid) {
    case IMPLICIT_VR_LITTLE_ENDIAN:
      return native(false, true, false);
    case EXPLICIT_VR_LITTLE_ENDIAN:
      return native(true, true, false);
    case DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
      return native(true, true, true);
    case EXPLICIT_VR_BIG_ENDIAN:
      return native(true, false, false);
  }
  let mediaType = 'application/octet-stream';
  if (uid === RLE_LOSSLESS) {
    mediaType = 'image/dicom-rle';
  } else if (uid.startsWith(JPEG)) {
    mediaType = encapsulatedMediaType(Number.parseInt(uid.slice(JPEG.length), 10));
  }
  return {
    uid,
    explicitVR: true,
    littleEndian: true,
    deflated: false,
    encapsulated: true,
    mediaType,
  };
}

/** The syntax in which the archive hands out frames and bulk data of native pixel data. */
export const servedSyntaxOf = (syntax: TransferSyntax): string =>
  syntax.encapsulated ? syntax.uid : EXPLICIT_VR_LITTLE_ENDIAN;
