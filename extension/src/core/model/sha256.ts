/** SHA-256 (FIPS 180-4) in plain code, for places that cannot wait for `crypto.subtle`. */

/** The first 32 bits of the fractional parts of the roots of primes: FIPS 180-4, 4.2.2 and 5.3.3. */
function primeRootFractions(count: number, exponent: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
      isPrime &&= candidate % divisor !== 0;
    }
    if (isPrime) {
      const root = candidate ** exponent;
      words[found++] = (root - Math.floor(root)) * 2 ** 32;
    }
  }
  return words;
}

const ROUND = primeRootFractions(64, 1 / 3);
const INITIAL = primeRootFractions(8, 1 / 2);

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

function compress(hash: Uint32Array, schedule: Uint32Array): void {
  for (let t = 16; t < 64; t++) {
    const x = schedule[t - 15];
    const y = schedule[t - 2];
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    schedule[t] = schedule[t - 16] + s0 + schedule[t - 7] + s1;
  }
  let [a, b, c, d, e, f, g, h] = hash;
  for (let t = 0; t < 64; t++) {
    const S1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + S1 + ((e & f) ^ (~e & g)) + ROUND[t] + schedule[t]) | 0;
    const S0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => (hash[index] += value));
}

/** The 32 bytes of SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const hash = INITIAL.slice();
  const schedule = new Uint32Array(64);
  const whole = Math.floor(bytes.length / 64) * 64;
  // The rest, a 1 bit, zeros, and the length in bits as 64-bit big-endian.
  const tail = new Uint8Array(bytes.length - whole + 9 > 64 ? 128 : 64);
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  const length = new DataView(tail.buffer);
  length.setUint32(tail.length - 8, Math.floor(bytes.length / 2 ** 29));
  length.setUint32(tail.length - 4, (bytes.length << 3) >>> 0);
  const absorb = (block: Uint8Array, offset: number) => {
    for (let t = 0, at = offset; t < 16; t++, at += 4) {
      schedule[t] =
        (block[at] << 24) | (block[at + 1] << 16) | (block[at + 2] << 8) | block[at + 3];
    }
    compress(hash, schedule);
  };
  for (let offset = 0; offset < whole; offset += 64) {
    absorb(bytes, offset);
  }
  for (let offset = 0; offset < tail.length; offset += 64) {
    absorb(tail, offset);
  }
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  hash.forEach((word, index) => view.setUint32(index * 4, word));
  return digest;
}
