/** Mixes 32 bits so that neighbours share none (M. Jenkins' and C. Wellons' "lowbias32", public domain). */
const mixed = (x: number): number => {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
};

/**
 * A normally distributed number (mean 0, standard deviation 1) that depends on its place and nothing
 * else, so noise is the same in every run, on every engine and in whatever order it is asked for.
 * Box and Muller's transform of two hashes.
 *
 * @param seed of the step
 * @param channel of the volume
 * @param index any number that names the voxel
 */
export const noiseAt = (seed: number, channel: number, index: number): number => {
  const place = mixed(index + Math.imul(mixed(channel + Math.imul(seed, 0x9e3779b1)), 0x85ebca6b));
  // From (0, 1], so that the logarithm is finite.
  const radius = (mixed(place ^ 0x68bc21eb) + 1) / 2 ** 32;
  const angle = mixed(place ^ 0x02e5be93) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
};

/** In place: what has the value `value` becomes noise. */
export const fillWithNoise = (
  values: Float32Array,
  channel: number,
  { value, mean, std, seed }: { value: number; mean: number; std: number; seed: number },
): void => {
  for (let index = 0; index < values.length; index++) {
    if (values[index] === value) values[index] = mean + std * noiseAt(seed, channel, index);
  }
};
