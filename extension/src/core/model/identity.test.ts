import { createHash } from 'node:crypto';
import { sha256Hex, sha256HexOfText, uidFrom } from './identity';
import { sha256 } from './sha256';

describe('identity', () => {
  it('gives the test vectors of FIPS 180-4', () => {
    expect(sha256HexOfText('')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(sha256HexOfText('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(sha256HexOfText('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
  });

  it('agrees with the platform at every length around a block', async () => {
    for (let length = 50; length < 140; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 255);
      const expected = createHash('sha256').update(bytes).digest('hex');
      expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(expected);
      expect(await sha256Hex(bytes)).toBe(expected);
    }
  });

  it('hashes without crypto.subtle, as on a page that is no secure context', async () => {
    const bytes = new TextEncoder().encode('abc');
    const platform = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!;
    Object.defineProperty(globalThis, 'crypto', { value: {}, configurable: true });
    try {
      expect(await sha256Hex(bytes.buffer)).toMatch(/^ba7816bf/);
    } finally {
      Object.defineProperty(globalThis, 'crypto', platform);
    }
  });

  it('derives UIDs that are valid, stable and distinct', () => {
    const uid = uidFrom('model', '1.0.0', 'series');
    expect(uid).toBe(uidFrom('model', '1.0.0', 'series'));
    expect(uid).toMatch(/^2\.25\.(0|[1-9]\d{0,38})$/);
    expect(uid.length).toBeLessThanOrEqual(64);
    const uuid = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
    expect(uuid[12]).toBe('8');
    expect('89ab').toContain(uuid[16]);
    const others = [uidFrom('ab', 'c'), uidFrom('a', 'bc'), uidFrom('abc'), uidFrom('abc', '')];
    expect(new Set(others).size).toBe(4);
  });
});
