import { decodeMultipart, encodeMultipart } from './multipart';

const bytes = (...values: number[]): ArrayBuffer => Uint8Array.from(values).buffer;
const values = (buffer: ArrayBuffer) => [...new Uint8Array(buffer)];

describe('multipart/related', () => {
  it('gives back what it was given, CR, LF and dashes in the parts included', async () => {
    const parts = [bytes(13, 10, 45, 45, 0, 255), bytes(), bytes(45, 45, 120, 13, 10)];
    const { body, contentType } = encodeMultipart(parts, 'x');
    const decoded = decodeMultipart(await body.arrayBuffer(), contentType);
    expect(decoded?.map(values)).toEqual(parts.map(values));
  });

  it('reads a quoted boundary and parts with several headers', () => {
    const text =
      '--a b\r\nContent-Type: application/dicom\r\nContent-Location: x\r\n\r\nDICM\r\n--a b--\r\n';
    const decoded = decodeMultipart(
      new TextEncoder().encode(text).buffer as ArrayBuffer,
      'multipart/related; boundary="a b"; type="application/dicom"',
    );
    expect(decoded?.map(part => new TextDecoder().decode(part))).toEqual(['DICM']);
  });

  it('refuses a body that was cut off, and a content type without a boundary', async () => {
    const { body, contentType } = encodeMultipart([bytes(1, 2, 3)], 'x');
    const whole = await body.arrayBuffer();
    expect(decodeMultipart(whole.slice(0, whole.byteLength - 8), contentType)).toBeUndefined();
    expect(decodeMultipart(whole, 'application/json')).toBeUndefined();
  });
});
