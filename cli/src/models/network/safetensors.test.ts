import { agrees, compare } from './run';
import { readSafetensors, writeSafetensors, type StoredTensors } from './safetensors';

const tensors: StoredTensors = new Map([
  ['image', { dtype: 'F32', dims: [1, 2], data: Float32Array.of(1.5, -2) }],
  ['labels', { dtype: 'U8', dims: [3], data: Uint8Array.of(0, 1, 2) }],
  ['index', { dtype: 'I64', dims: [1], data: BigInt64Array.of(-5n) }],
]);

describe('safetensors', () => {
  it('come back as they were written', () => {
    const read = readSafetensors(writeSafetensors(tensors));
    if (!read.ok) throw new Error(read.refusal.message);
    expect([...read.value.keys()]).toEqual(['image', 'labels', 'index']);
    for (const [name, { dtype, dims, data }] of tensors) {
      const found = read.value.get(name)!;
      expect([found.dtype, found.dims]).toEqual([dtype, dims]);
      expect(Array.from(found.data as ArrayLike<unknown>)).toEqual(
        Array.from(data as ArrayLike<unknown>),
      );
    }
  });

  it('a cut or foreign file is refused', () => {
    const whole = writeSafetensors(tensors);
    for (const bytes of [
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, 20),
      Uint8Array.of(1),
    ]) {
      expect(readSafetensors(bytes)).toMatchObject({ refusal: { code: 'safetensorsBroken' } });
    }
  });
});

describe('what two engines gave', () => {
  const floats = (...data: number[]): StoredTensors =>
    new Map([['y', { dtype: 'F32', dims: [data.length], data: Float32Array.from(data) }]]);

  it('is held against the largest value', () => {
    expect(agrees(compare(floats(1000, 1), floats(1000.5, 1)), false)).toBe(true);
    expect(agrees(compare(floats(1, 1), floats(1.5, 1)), false)).toBe(false);
    expect(agrees(compare(floats(1, 1), floats(1.03, 1)), true)).toBe(true);
  });

  it('NaN, another length and a missing output are no agreement', () => {
    expect(agrees(compare(floats(1), floats(NaN)), true)).toBe(false);
    expect(agrees(compare(floats(1), floats(1, 2)), true)).toBe(false);
    expect(agrees(compare(floats(1), new Map()), true)).toBe(false);
  });

  it('labels are counted', () => {
    const labels = (at: number): StoredTensors => {
      const data = new Uint8Array(2000).fill(1, 0, at);
      return new Map([['l', { dtype: 'U8', dims: [2000], data }]]);
    };
    expect(compare(labels(10), labels(13))).toMatchObject({ differing: 3, counted: 2000 });
    expect(agrees(compare(labels(10), labels(13)), false)).toBe(false);
    expect(agrees(compare(labels(10), labels(12)), false)).toBe(true);
  });
});
