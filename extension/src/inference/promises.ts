import type { Tensor } from 'onnxruntime-common';
import { accept, refuse, type Outcome } from '../core/outcome';

/** Whose promise is checked. */
export interface Promised {
  model: string;
  /** Name of the ONNX output. */
  output: string;
}

type Numbers = Float32Array | ArrayLike<number>;

/** x · 0 is 0 for every finite x and NaN for the others, so one sum tells of them all. */
const allFinite = (values: Float32Array): boolean => {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * 0;
  return sum === 0;
};

const missing = ({ model, output }: Promised) =>
  refuse('modelOutputMissing', `Model ${model} returned no output "${output}"`, { model, output });

const wrongType = ({ model, output }: Promised, actual: string, declared: string) =>
  refuse(
    'modelOutputType',
    `Model ${model}: output "${output}" is ${actual}; ${declared} is needed`,
    { model, output, actual, declared },
  );

/** @param declared as people write a shape: "1×3×8×8×8 (1 × classes × window)" */
const wrongShape = ({ model, output }: Promised, dims: readonly number[], declared: string) => {
  const actual = dims.join('×') || 'a single number';
  return refuse(
    'modelOutputShape',
    `Model ${model}: output "${output}" has the shape ${actual}; its manifest declares ${declared}`,
    { model, output, actual, declared },
  );
};

const notFinite = ({ model, output }: Promised) =>
  refuse(
    'modelOutputNotFinite',
    `Model ${model}: output "${output}" holds values that are not finite numbers`,
    { model, output },
  );

/** An output of numbers with a fraction: float32, all finite. Shapes are the caller's to check. */
export const checkFloats = (
  promised: Promised,
  returned: Tensor | undefined,
): Outcome<{ values: Float32Array; dims: readonly number[] }> => {
  if (!returned) return missing(promised);
  if (returned.type !== 'float32' || !(returned.data instanceof Float32Array)) {
    return wrongType(promised, returned.type, 'float32');
  }
  if (!allFinite(returned.data)) return notFinite(promised);
  return accept({ values: returned.data, dims: returned.dims });
};

/**
 * Scores of the declared shape.
 *
 * @param channels how many there must be; left out, any number
 * @param least channels that the manifest names by their index
 */
export const checkDense = (
  promised: Promised,
  returned: Tensor | undefined,
  expected: { channels?: number; least?: number; shape: readonly number[] },
): Outcome<{ values: Float32Array; channels: number }> => {
  if (!returned) return missing(promised);
  const { shape, least = 1 } = expected;
  const { dims } = returned;
  const channels = expected.channels ?? dims[1];
  const declared = [1, expected.channels ?? `(${least} or more)`, ...shape].join('×');
  const isAsDeclared =
    dims.length === shape.length + 2 &&
    dims[0] === 1 &&
    dims[1] === channels &&
    channels >= least &&
    shape.every((size, axis) => dims[axis + 2] === size);
  if (returned.type !== 'float32') return wrongType(promised, returned.type, 'float32');
  if (!isAsDeclared) return wrongShape(promised, dims, declared);
  const floats = checkFloats(promised, returned);
  return floats.ok ? accept({ values: floats.value.values, channels }) : floats;
};

const asNumbers = (data: Tensor['data']): Numbers | undefined => {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return Float64Array.from(data, Number);
  }
  return ArrayBuffer.isView(data) ? (data as Exclude<typeof data, BigInt64Array>) : undefined;
};

/** Whole numbers of any number type, as an arg-max gives them. */
export const checkIntegers = (
  promised: Promised,
  returned: Tensor | undefined,
): Outcome<{ values: Numbers; dims: readonly number[] }> => {
  if (!returned) return missing(promised);
  const values = returned.type === 'float16' ? undefined : asNumbers(returned.data);
  if (!values) return wrongType(promised, returned.type, 'a number type');
  return accept({ values, dims: returned.dims });
};

/**
 * Class numbers of the window's shape, [1, …spatial] or [1, 1, …spatial], each one of the declared
 * classes.
 */
export const checkLabels = (
  promised: Promised,
  returned: Tensor | undefined,
  { classes, shape }: { classes: number; shape: readonly number[] },
): Outcome<Numbers> => {
  const integers = checkIntegers(promised, returned);
  if (!integers.ok) return integers;
  const { values, dims } = integers.value;
  const isAsDeclared = [
    [1, ...shape],
    [1, 1, ...shape],
  ].some(allowed => allowed.join() === dims.join());
  if (!isAsDeclared) return wrongShape(promised, dims, [1, ...shape].join('×'));
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!(Number.isInteger(value) && value >= 0 && value < classes)) {
      return unknownLabel(promised, value, `0 to ${classes - 1}`);
    }
  }
  return accept(values);
};

export const unknownLabel = ({ model, output }: Promised, value: number, allowed: string) =>
  refuse(
    'modelLabelUnknown',
    `Model ${model}: output "${output}" holds the class ${value}; its manifest declares ${allowed}`,
    { model, output, value: String(value), allowed },
  );

/** One row of numbers, [1, n] or [n] (or, for one number, a scalar), of at least `least`. */
export const checkVector = (
  promised: Promised,
  returned: Tensor | undefined,
  least: number,
): Outcome<Float32Array> => {
  const floats = checkFloats(promised, returned);
  if (!floats.ok) return floats;
  const { values, dims } = floats.value;
  // Trailing axes of one are what a global pooling leaves.
  const length = dims.length <= 1 ? (dims[0] ?? 1) : dims[1];
  const isRow = dims.length <= 1 || dims.every((size, axis) => axis === 1 || size === 1);
  if (!isRow || length < least) {
    return wrongShape(promised, dims, `1×(${least} or more)`);
  }
  return accept(values);
};

export { wrongShape };
