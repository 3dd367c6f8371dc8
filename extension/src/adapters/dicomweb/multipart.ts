/** multipart/related bodies of DICOMweb (PS3.18 8.6.1, RFC 2387). */

const encoder = new TextEncoder();
const CRLF = '\r\n';

/** A body with one application/dicom part a file. */
export const encodeMultipart = (
  files: Array<ArrayBuffer | Blob>,
  boundary: string,
): { body: Blob; contentType: string } => {
  const parts = files.flatMap(file => [
    encoder.encode(`--${boundary}${CRLF}Content-Type: application/dicom${CRLF}${CRLF}`),
    file,
    encoder.encode(CRLF),
  ]);
  return {
    body: new Blob([...parts, encoder.encode(`--${boundary}--${CRLF}`)]),
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
  };
};

/** Longer headers than this no archive sends. */
const HEADERS_LENGTH = 8192;

/**
 * The one part of an answer about one instance; also of an answer that is the file itself. Pixel
 * data is not looked at, nor copied by this thread: a part ends where the body does.
 *
 * @returns nothing when the content type names no boundary, or the part has no end: it was cut off.
 */
export const partOf = async (body: Blob, contentType: string): Promise<ArrayBuffer | undefined> => {
  if (/^application\/dicom\s*(;|$)/i.test(contentType)) return body.arrayBuffer();
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return undefined;
  // Latin-1 keeps a character a byte.
  const text = async (blob: Blob) => new TextDecoder('latin1').decode(await blob.arrayBuffer());
  const head = await text(body.slice(0, HEADERS_LENGTH));
  const opening = head.indexOf(`--${boundary}`);
  const headersEnd = opening < 0 ? -1 : head.indexOf(CRLF + CRLF, opening);
  if (headersEnd < 0) return undefined;
  const closing = `${CRLF}--${boundary}--`;
  const tailFrom = Math.max(0, body.size - closing.length - HEADERS_LENGTH);
  const end = (await text(body.slice(tailFrom))).lastIndexOf(closing);
  const start = headersEnd + 2 * CRLF.length;
  if (end < 0 || tailFrom + end < start) return undefined;
  return body.slice(start, tailFrom + end).arrayBuffer();
};
