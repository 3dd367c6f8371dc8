/** Mean and standard deviation (of the population) over several arrays taken as one. */
export function meanAndDeviation(
  channels: readonly Float32Array[],
  nonzero: boolean,
): { mean: number; deviation: number } {
  let count = 0;
  let sum = 0;
  for (const values of channels) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (nonzero && value === 0) continue;
      sum += value;
      count++;
    }
  }
  if (count === 0) return { mean: 0, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  for (const values of channels) {
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (nonzero && value === 0) continue;
      squares += (value - mean) * (value - mean);
    }
  }
  return { mean, deviation: Math.sqrt(squares / count) };
}

/** Bits of a float32, turned so that they sort as the numbers do (negative ones are mirrored). */
const sortable = (bits: number): number => (bits < 0 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0);

/**
 * Values of these ranks (0 is the smallest), exactly, without a sorted copy: counts the upper 16 bits
 * of each float32, then the lower 16 of those that share the upper ones with a rank asked for.
 */
function valuesOfRanks(values: Float32Array, ranks: readonly number[]): number[] {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const coarse = new Uint32Array(65536);
  for (let index = 0; index < bits.length; index++) {
    coarse[sortable(bits[index]) >>> 16]++;
  }
  const fineOf = new Map<number, Uint32Array>();
  const buckets = ranks.map(rank => {
    let below = 0;
    let bucket = 0;
    while (below + coarse[bucket] <= rank) below += coarse[bucket++];
    fineOf.set(bucket, new Uint32Array(65536));
    return { bucket, rest: rank - below };
  });
  const wanted = Array.from({ length: 65536 }, (_, bucket) => fineOf.get(bucket));
  for (let index = 0; index < bits.length; index++) {
    const order = sortable(bits[index]);
    const fine = wanted[order >>> 16];
    if (fine) fine[order & 0xffff]++;
  }
  const toValue = new DataView(new ArrayBuffer(4));
  return buckets.map(({ bucket, rest }) => {
    const fine = fineOf.get(bucket);
    let low = 0;
    for (let below = 0; fine && below + fine[low] <= rest; low++) below += fine[low];
    const order = ((bucket << 16) | low) >>> 0;
    toValue.setUint32(0, order >= 0x80000000 ? order & 0x7fffffff : ~order >>> 0);
    return toValue.getFloat32(0);
  });
}

/**
 * Percentiles (0–100) of all values, linear between the two nearest ranks: `numpy.percentile` and
 * `torch.quantile` by default, and so MONAI's `percentile`.
 */
export function percentiles(values: Float32Array, wanted: readonly number[]): number[] {
  const places = wanted.map(percent => (percent * (values.length - 1)) / 100);
  const ranks = places.flatMap(place => [Math.floor(place), Math.ceil(place)]);
  const found = valuesOfRanks(values, ranks);
  return places.map((place, at) => {
    const [lower, upper] = [found[2 * at], found[2 * at + 1]];
    return lower + (upper - lower) * (place - Math.floor(place));
  });
}
