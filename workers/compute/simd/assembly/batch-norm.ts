/** Batch normalisation of pixels, with what follows it: residual addition and rectification. */
import {
  beta,
  blockBytes,
  blockFloats,
  blockPartial,
  blocks,
  blockWeight,
  channels,
  constants,
  epsilon,
  factor,
  fold,
  gamma,
  input,
  mean,
  output,
  partials,
  periodFloats,
  rectified,
  residual,
  rows,
  setConstant,
  variance,
} from './pixel-blocks';
import { multiplyAdd } from './vector';

/** Mean, and sum of squared distances from it, of each block. */
export function moments(job: usize, begin: i32, end: i32, scratch: usize): void {
  const count = channels(job);
  const period = periodFloats(job);
  const center = scratch + 4 * period;
  for (let block = begin; block < end; block++) {
    const x = input(job) + blockBytes(job, block);
    const floats = blockFloats(job, block);
    const means = partials(job) + 8 * <usize>block * count;
    for (let at = 0; at < period; at += 4) v128.store(center + 4 * at, f32x4.splat(0));
    sumPeriods(x, floats, period, scratch);
    fold(job, scratch, means);
    const share: f32 = <f32>count / <f32>floats;
    for (let channel = 0; channel < count; channel++) {
      f32.store(means + 4 * channel, share * f32.load(means + 4 * channel));
    }
    for (let at = 0; at < period; at++) f32.store(center + 4 * at, f32.load(means + 4 * (at % count)));
    sumSquares(x, floats, period, center, scratch);
    fold(job, scratch, means + 4 * count);
  }
}

/** Sums of the floats at each place of a period. */
function sumPeriods(x: usize, floats: i32, period: i32, to: usize): void {
  const step: usize = 4 * period;
  const end = x + step * (floats / period);
  const rest = floats % period;
  let at = 0;
  for (; at + 16 <= period; at += 16) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let from = x + 4 * at; from < end; from += step) {
      a = f32x4.add(a, v128.load(from));
      b = f32x4.add(b, v128.load(from, 16));
      c = f32x4.add(c, v128.load(from, 32));
      d = f32x4.add(d, v128.load(from, 48));
    }
    v128.store(to + 4 * at, a);
    v128.store(to + 4 * at, b, 16);
    v128.store(to + 4 * at, c, 32);
    v128.store(to + 4 * at, d, 48);
  }
  for (; at < period; at += 4) {
    let a = f32x4.splat(0);
    for (let from = x + 4 * at; from < end; from += step) a = f32x4.add(a, v128.load(from));
    v128.store(to + 4 * at, a);
  }
  for (at = 0; at < rest; at++) f32.store(to + 4 * at, f32.load(to + 4 * at) + f32.load(end + 4 * at));
}

/** Sums of squared distances from `center` at each place of a period. */
function sumSquares(x: usize, floats: i32, period: i32, center: usize, to: usize): void {
  const step: usize = 4 * period;
  const end = x + step * (floats / period);
  const rest = floats % period;
  let at = 0;
  for (; at + 16 <= period; at += 16) {
    const ca = v128.load(center + 4 * at);
    const cb = v128.load(center + 4 * at, 16);
    const cc = v128.load(center + 4 * at, 32);
    const cd = v128.load(center + 4 * at, 48);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let from = x + 4 * at; from < end; from += step) {
      const da = f32x4.sub(v128.load(from), ca);
      const db = f32x4.sub(v128.load(from, 16), cb);
      const dc = f32x4.sub(v128.load(from, 32), cc);
      const dd = f32x4.sub(v128.load(from, 48), cd);
      a = multiplyAdd(da, da, a);
      b = multiplyAdd(db, db, b);
      c = multiplyAdd(dc, dc, c);
      d = multiplyAdd(dd, dd, d);
    }
    v128.store(to + 4 * at, a);
    v128.store(to + 4 * at, b, 16);
    v128.store(to + 4 * at, c, 32);
    v128.store(to + 4 * at, d, 48);
  }
  for (; at < period; at += 4) {
    const ca = v128.load(center + 4 * at);
    let a = f32x4.splat(0);
    for (let from = x + 4 * at; from < end; from += step) {
      const da = f32x4.sub(v128.load(from), ca);
      a = multiplyAdd(da, da, a);
    }
    v128.store(to + 4 * at, a);
  }
  for (at = 0; at < rest; at++) {
    const distance = f32.load(end + 4 * at) - f32.load(center + 4 * at);
    f32.store(to + 4 * at, f32.load(to + 4 * at) + distance * distance);
  }
}

/**
 * Statistics of all rows from those of the blocks (Chan, Golub and LeVeque 1979), and what `normalise` multiplies by and
 * adds.
 */
export function combineMoments(job: usize): void {
  const count = channels(job);
  for (let channel = 0; channel < count; channel++) {
    let sum: f64 = 0;
    for (let block = 0; block < blocks(job); block++) {
      sum += <f64>f32.load(blockPartial(job, block, channel)) * blockWeight(job, block);
    }
    const center = sum / rows(job);
    let squares: f64 = 0;
    for (let block = 0; block < blocks(job); block++) {
      const at = blockPartial(job, block, channel);
      const distance = <f64>f32.load(at) - center;
      squares += <f64>f32.load(at + 4 * count) + distance * distance * blockWeight(job, block);
    }
    const spread = squares / rows(job);
    f32.store(mean(job) + 4 * channel, <f32>center);
    f32.store(variance(job) + 4 * channel, <f32>spread);
    const scale = factor(gamma(job), channel, 1) / Math.sqrt(spread + epsilon(job));
    setConstant(job, 0, channel, scale);
    setConstant(job, 1, channel, factor(beta(job), channel, 0) - center * scale);
  }
}

/** `max(x * scale + shift + residual, floor)`. */
export function normalise(job: usize, begin: i32, end: i32, scratch: usize): void {
  const step: usize = 4 * periodFloats(job);
  const scale = constants(job);
  const shift = scale + step;
  const least: f32 = rectified(job) ? 0 : -Infinity;
  const floor = f32x4.splat(least);
  for (let block = begin; block < end; block++) {
    const offset = blockBytes(job, block);
    const stop: usize = offset + 4 * blockFloats(job, block);
    const x = input(job);
    const y = output(job);
    const other = residual(job);
    let at = offset;
    for (; at + step <= stop; at += step) {
      if (other == 0) {
        for (let place: usize = 0; place < step; place += 16) {
          const value = multiplyAdd(v128.load(x + at + place), v128.load(scale + place), v128.load(shift + place));
          v128.store(y + at + place, f32x4.pmax(value, floor));
        }
      } else {
        for (let place: usize = 0; place < step; place += 16) {
          const value = multiplyAdd(v128.load(x + at + place), v128.load(scale + place), v128.load(shift + place));
          v128.store(y + at + place, f32x4.pmax(f32x4.add(value, v128.load(other + at + place)), floor));
        }
      }
    }
    for (let place: usize = 0; at < stop; at += 4, place += 4) {
      const added: f32 = other == 0 ? 0 : f32.load(other + at);
      const value = f32.load(x + at) * f32.load(scale + place) + f32.load(shift + place) + added;
      f32.store(y + at, value < least ? least : value);
    }
  }
}

/** Factors and summands for `normalise` as they are given. */
export function spreadFactors(job: usize): void {
  for (let channel = 0; channel < channels(job); channel++) {
    setConstant(job, 0, channel, factor(gamma(job), channel, 1));
    setConstant(job, 1, channel, factor(beta(job), channel, 0));
  }
}
