/** Seeded generator of pseudo-random numbers; the same seed and stream give the same sequence. */
export interface Random {
  /** 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Mean 0, standard deviation 1 (Irwin-Hall of twelve, so within ±6). */
  gaussian(): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
}

/** FNV-1a over UTF-16 code units: turns a stream's name into a number. */
const hashName = (name: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
};

/**
 * sfc32 (Doty-Humphrey, PractRand), seeded by splitmix32 of the seed and the stream's name.
 *
 * Streams are independent, so that adding a vessel does not move a nodule.
 */
export function createRandom(seed: number, stream: string): Random {
  let state = (seed ^ hashName(stream)) >>> 0;
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let counter = 1;
  const bits = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) {
    bits();
  }
  const uniform = () => bits() / 4294967296;
  return {
    bits,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    gaussian: () => {
      let sum = -6;
      for (let i = 0; i < 12; i++) {
        sum += uniform();
      }
      return sum;
    },
    chance: probability => uniform() < probability,
  };
}
