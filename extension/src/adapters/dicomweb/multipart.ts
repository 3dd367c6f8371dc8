/** multipart/related bodies of DICOMweb (PS3.18 8.6.1, RFC 2387). */

const encoder = new TextEncoder();
const CRLF = '\r\n';

/** A body with one application/dicom part a file. */
export const encodeMultipart = (
  files: ArrayBuffer[],
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

const indexOf = (haystack: Uint8Array, needle: Uint8Array, from: number): number => {
  for (
    let at = haystack.indexOf(needle[0], from);
    at >= 0;
    at = haystack.indexOf(needle[0], at + 1)
  ) {
    let matched = 1;
    while (matched < needle.length && haystack[at + matched] === needle[matched]) matched++;
    if (matched === needle.length) return at;
  }
  return -1;
};

/**
 * The parts' contents, without their headers.
 * @returns nothing when the content type names no boundary or a part has no end.
 */
export const decodeMultipart = (
  body: ArrayBuffer,
  contentType: string,
): ArrayBuffer[] | undefined => {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return undefined;
  const bytes = new Uint8Array(body);
  const delimiter = encoder.encode(`--${boundary}`);
  const headerEnd = encoder.encode(CRLF + CRLF);
  const dash = '-'.charCodeAt(0);
  const parts: ArrayBuffer[] = [];
  let at = indexOf(bytes, delimiter, 0);
  while (at >= 0) {
    const after = at + delimiter.length;
    if (bytes[after] === dash && bytes[after + 1] === dash) return parts;
    const headerAt = indexOf(bytes, headerEnd, after);
    if (headerAt < 0) return undefined;
    const start = headerAt + headerEnd.length;
    // The part ends at CRLF before the next delimiter: pixel data may hold the delimiter's bytes.
    const next = indexOf(bytes, encoder.encode(`${CRLF}--${boundary}`), start);
    if (next < 0) return undefined;
    parts.push(body.slice(start, next));
    at = next + CRLF.length;
  }
  return undefined;
};
