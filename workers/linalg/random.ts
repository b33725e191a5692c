/**
 * Seeded randomness: the one source of chance in the engine (initialisation, shuffling, augmentation, k-means, tests).
 *
 * Generator: sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state, seeded by SplitMix32. Not for secrets.
 */

/** A stream of pseudo-random numbers. Equal seeds give equal streams on every machine. */
export interface Random {
  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** Gaussian (Box-Muller); two draws from the stream for each number. */
  normal(mean?: number, deviation?: number): number;
  /** Uniform whole number in [0, limit). Throws `RangeError` unless `limit` is a whole number in [1, 2^32]. */
  integer(limit: number): number;
  /** Shuffles `items` in place (Fisher-Yates) and returns it. */
  shuffle<T extends unknown[] | Uint32Array | Int32Array>(items: T): T;
  /**
   * An independent stream named by `label`. Depends on the seed and the label alone, not on how much was drawn
   * before, so adding a draw in one place changes nothing elsewhere.
   */
  fork(label: string | number): Random;
}

/** The stream of `seed`, a whole number in [0, 2^53). Throws `RangeError` for anything else. */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed must be a whole number from 0 to 2^53 - 1, not ${seed}.`);
  }
  return new Sfc32(seed >>> 0, Math.floor(seed / 0x1_0000_0000));
}

class Sfc32 implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `low` and `high` are the two 32-bit halves of the seed. */
  constructor(
    private readonly low: number,
    private readonly high: number,
  ) {
    this.a = scramble(low + GOLDEN);
    this.b = scramble(high + Math.imul(2, GOLDEN));
    this.c = scramble((low ^ scramble(high)) + Math.imul(3, GOLDEN));
    // The first outputs of close seeds are alike; PractRand discards 12 as well.
    for (let round = 0; round < 12; round++) this.word();
  }

  next(): number {
    return this.word() / 0x1_0000_0000;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  normal(mean = 0, deviation = 1): number {
    // 1 - next() lies in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  integer(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > 0x1_0000_0000) {
      throw new RangeError(`A random whole number needs a limit from 1 to 2^32, not ${limit}.`);
    }
    // Words past the last full multiple of `limit` would favour small numbers, so they are drawn again.
    const end = 0x1_0000_0000 - (0x1_0000_0000 % limit);
    let word = this.word();
    while (word >= end) word = this.word();
    return word % limit;
  }

  shuffle<T extends unknown[] | Uint32Array | Int32Array>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const held = items[last];
      items[last] = items[other];
      items[other] = held;
    }
    return items;
  }

  fork(label: string | number): Random {
    let low = this.low;
    let high = this.high;
    // The type is part of the label, so that fork(1) and fork('1') differ.
    const text = `${typeof label}:${label}`;
    for (let at = 0; at < text.length; at++) {
      low = scramble((low ^ text.charCodeAt(at)) + GOLDEN);
      high = scramble((high + low) ^ at);
    }
    return new Sfc32(low, high);
  }

  private word(): number {
    const sum = (this.a + this.b + this.counter) >>> 0;
    this.counter = (this.counter + 1) >>> 0;
    this.a = (this.b ^ (this.b >>> 9)) >>> 0;
    this.b = (this.c + (this.c << 3)) >>> 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) >>> 0;
    return sum;
  }
}

/** SplitMix32's increment: 2^32 divided by the golden ratio. */
const GOLDEN = 0x9e37_79b9;

/** SplitMix32's finaliser: every input bit reaches every output bit. */
function scramble(value: number): number {
  let word = value >>> 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0_aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a_2d97);
  return (word ^ (word >>> 15)) >>> 0;
}
