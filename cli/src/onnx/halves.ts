/** IEEE 754 binary16, as ONNX keeps it: 16 bits in an unsigned integer. */

const view = new DataView(new ArrayBuffer(4));

/** From the bits of a float32. Plain arithmetic on integers: networks have tens of millions of weights. */
const halfOfBits = (bits: number): number => {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  const e = exponent - 127 + 15;
  if (e >= 31) return sign | 0x7c00;
  // A subnormal half keeps fewer bits of the full mantissa; a carry may make it normal, as it should.
  const full = e <= 0 ? mantissa | 0x800000 : mantissa;
  const shift = e <= 0 ? 14 - e : 13;
  if (shift > 24) return sign;
  const kept = full >>> shift;
  const rest = full & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  const up = rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0;
  return sign | (((e <= 0 ? 0 : e << 10) + kept + up) & 0x7fff);
};

/** Nearest half, ties to even; beyond the range infinity, as hardware converts. */
export const toHalf = (value: number): number => {
  view.setFloat32(0, value);
  return halfOfBits(view.getUint32(0));
};

/** `toHalf` of every number. */
export const toHalves = (values: Float32Array): Uint16Array => {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < halves.length; i++) halves[i] = halfOfBits(bits[i]);
  return halves;
};

export const fromHalf = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
};

/** bfloat16 is the upper half of a float32. */
export const fromBfloat16 = (bits: number): number => {
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
};
