import { encodeMultipart, partOf } from './multipart';

const bytes = (...values: number[]): ArrayBuffer => Uint8Array.from(values).buffer;
const values = (buffer: ArrayBuffer | undefined) => buffer && [...new Uint8Array(buffer)];

describe('multipart/related', () => {
  it.each([
    ['CR, LF and dashes in it', bytes(13, 10, 45, 45, 0, 255)],
    ['nothing in it', bytes()],
    ['its own boundary in it', bytes(13, 10, 45, 45, 120, 13, 10, 45, 45, 120, 45, 45, 13, 10)],
  ])('gives back one part with %s', async (_name, part) => {
    const { body, contentType } = encodeMultipart([part], 'x');
    expect(values(await partOf(body, contentType))).toEqual(values(part));
  });

  it('reads a preamble, a quoted boundary and a part with several headers', async () => {
    const text =
      'before\r\n--a b\r\nContent-Type: application/dicom\r\nContent-Location: x\r\n\r\nDICM\r\n--a b--\r\nafter';
    const type = 'multipart/related; boundary="a b"; type="application/dicom"';
    const part = await partOf(new Blob([text]), type);
    expect(new TextDecoder().decode(part)).toBe('DICM');
  });

  it('takes an answer that is the file itself', async () => {
    const type = 'application/dicom; transfer-syntax=1.2.840.10008.1.2.1';
    expect(values(await partOf(new Blob([bytes(1, 2)]), type))).toEqual([1, 2]);
  });

  it('refuses a body that was cut off, and a content type without a boundary', async () => {
    const { body, contentType } = encodeMultipart([bytes(1, 2, 3)], 'x');
    expect(await partOf(body.slice(0, body.size - 8), contentType)).toBeUndefined();
    expect(await partOf(body.slice(0, 20), contentType)).toBeUndefined();
    expect(await partOf(body, 'application/dicom+json')).toBeUndefined();
  });
});
