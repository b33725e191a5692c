/**
 * Batch normalisation of pixels `[rows, channels]`, forward and backward, with what follows it: residual addition and
 * rectification.
 *
 * Rows are cut into blocks that stay in cache. A block is a whole number of periods: as many rows as make the channels a
 * multiple of four, so that any number of channels runs in whole vectors. Blocks give partial sums in single precision,
 * which are put together in order and in double precision: results do not depend on how the work is shared out.
 */
import { multiplyAdd } from './vector';

/** Field order is that of `channel-plan.ts`. */
function input(job: usize): usize {
  return load<u32>(job, 0);
}
/** Written by `normalise` and `normGradient`. */
function output(job: usize): usize {
  return load<u32>(job, 4);
}
/** Gradient by the output. */
function gradient(job: usize): usize {
  return load<u32>(job, 8);
}
/** Added by `normalise`; 0 = nothing. */
function residual(job: usize): usize {
  return load<u32>(job, 12);
}
/** Rectified output: where it is 0, the gradient is. 0 = not rectified. */
function mask(job: usize): usize {
  return load<u32>(job, 16);
}
/** For each block, two sums per channel. */
function partials(job: usize): usize {
  return load<u32>(job, 20);
}
/** Four rows of a period each: factors the elementwise passes read. */
function constants(job: usize): usize {
  return load<u32>(job, 24);
}
function gamma(job: usize): usize {
  return load<u32>(job, 28);
}
function beta(job: usize): usize {
  return load<u32>(job, 32);
}
function mean(job: usize): usize {
  return load<u32>(job, 36);
}
/** Population variance. */
function variance(job: usize): usize {
  return load<u32>(job, 40);
}
function gammaGradient(job: usize): usize {
  return load<u32>(job, 44);
}
function betaGradient(job: usize): usize {
  return load<u32>(job, 48);
}
function rows(job: usize): i32 {
  return load<i32>(job, 52);
}
function channels(job: usize): i32 {
  return load<i32>(job, 56);
}
/** A multiple of four. */
function blockRows(job: usize): i32 {
  return load<i32>(job, 60);
}
function blocks(job: usize): i32 {
  return load<i32>(job, 64);
}
function rectified(job: usize): bool {
  return load<i32>(job, 68) != 0;
}
function epsilon(job: usize): f64 {
  return load<f32>(job, 72);
}
/** Between which the output's gradient goes through a clip; a ceiling that is no number is none. */
function low(job: usize): f32 {
  return load<f32>(job, 76);
}
function high(job: usize): f32 {
  return load<f32>(job, 80);
}

/** Floats of a period. */
function periodFloats(job: usize): i32 {
  const count = channels(job);
  return count % 4 == 0 ? count : count % 2 == 0 ? 2 * count : 4 * count;
}

function blockFloats(job: usize, block: i32): i32 {
  return min(blockRows(job), rows(job) - block * blockRows(job)) * channels(job);
}

function blockBytes(job: usize, block: i32): usize {
  return 4 * <usize>block * blockRows(job) * channels(job);
}

/** Adds up a period's floats to channels. */
function fold(job: usize, period: usize, to: usize): void {
  for (let channel = 0; channel < channels(job); channel++) {
    let sum: f32 = 0;
    for (let at = channel; at < periodFloats(job); at += channels(job)) sum += f32.load(period + 4 * at);
    f32.store(to + 4 * channel, sum);
  }
}

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

function blockPartial(job: usize, block: i32, channel: i32): usize {
  return partials(job) + 8 * <usize>block * channels(job) + 4 * channel;
}

function blockWeight(job: usize, block: i32): f64 {
  return min(blockRows(job), rows(job) - block * blockRows(job));
}

function factor(tensor: usize, channel: i32, absent: f64): f64 {
  return tensor == 0 ? absent : <f64>f32.load(tensor + 4 * channel);
}

function setConstant(job: usize, index: i32, channel: i32, value: f64): void {
  const row = constants(job) + 4 * index * periodFloats(job);
  for (let at = channel; at < periodFloats(job); at += channels(job)) f32.store(row + 4 * at, <f32>value);
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

/** Of each block, sums of the gradient and of the gradient times the distance from the mean. */
export function gradientSums(job: usize, begin: i32, end: i32, scratch: usize): void {
  const period = periodFloats(job);
  const step: usize = 4 * period;
  const center = constants(job) + 3 * step;
  const products = scratch + step;
  const rectifier = mask(job);
  for (let block = begin; block < end; block++) {
    const offset = blockBytes(job, block);
    const stop: usize = offset + 4 * blockFloats(job, block);
    const x = input(job);
    const dy = gradient(job);
    const whole = offset + ((stop - offset) / step) * step;
    for (let place: usize = 0; place < step; place += 16) {
      let sum = f32x4.splat(0);
      let product = sum;
      const middle = v128.load(center + place);
      if (rectifier == 0) {
        for (let at = offset + place; at < whole; at += step) {
          const slope = v128.load(dy + at);
          sum = f32x4.add(sum, slope);
          product = multiplyAdd(slope, f32x4.sub(v128.load(x + at), middle), product);
        }
      } else {
        for (let at = offset + place; at < whole; at += step) {
          const slope = through(v128.load(dy + at), v128.load(rectifier + at));
          sum = f32x4.add(sum, slope);
          product = multiplyAdd(slope, f32x4.sub(v128.load(x + at), middle), product);
        }
      }
      v128.store(scratch + place, sum);
      v128.store(products + place, product);
    }
    for (let place: usize = 0; whole + place < stop; place += 4) {
      const at = whole + place;
      const slope = scalarThrough(dy + at, rectifier, at);
      f32.store(scratch + place, f32.load(scratch + place) + slope);
      const distance = f32.load(x + at) - f32.load(center + place);
      f32.store(products + place, f32.load(products + place) + slope * distance);
    }
    const sums = partials(job) + 8 * <usize>block * channels(job);
    fold(job, scratch, sums);
    fold(job, products, sums + 4 * channels(job));
  }
}

/** The gradient where the rectified output is above zero. */
function through(dy: v128, y: v128): v128 {
  return v128.and(dy, f32x4.gt(y, f32x4.splat(0)));
}

function scalarThrough(dy: usize, rectifier: usize, at: usize): f32 {
  if (rectifier != 0 && !(f32.load(rectifier + at) > 0)) return 0;
  return f32.load(dy);
}

/** Factors and summands for `normalise` as they are given. */
export function spreadFactors(job: usize): void {
  for (let channel = 0; channel < channels(job); channel++) {
    setConstant(job, 0, channel, factor(gamma(job), channel, 1));
    setConstant(job, 1, channel, factor(beta(job), channel, 0));
  }
}

/** Where `gradientSums` reads its means. */
export function spreadMeans(job: usize): void {
  for (let channel = 0; channel < channels(job); channel++) {
    setConstant(job, 3, channel, <f64>f32.load(mean(job) + 4 * channel));
  }
}

/**
 * Gradients by gamma and beta, and the factors of the input's: with s the inverse deviation and m the number of rows,
 * x' = gamma s (dy - sum(dy) / m - (x - mean) s^2 sum(dy (x - mean)) / m) (Ioffe and Szegedy 2015, section 3).
 */
export function combineGradients(job: usize): void {
  const count = channels(job);
  for (let channel = 0; channel < count; channel++) {
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let block = 0; block < blocks(job); block++) {
      const at = blockPartial(job, block, channel);
      sum += <f64>f32.load(at);
      product += <f64>f32.load(at + 4 * count);
    }
    const inverse = 1 / Math.sqrt(<f64>f32.load(variance(job) + 4 * channel) + epsilon(job));
    const outer = inverse * factor(gamma(job), channel, 1);
    f32.store(betaGradient(job) + 4 * channel, <f32>sum);
    f32.store(gammaGradient(job) + 4 * channel, <f32>(product * inverse));
    setConstant(job, 0, channel, outer);
    setConstant(job, 1, channel, (-outer * inverse * inverse * product) / rows(job));
    setConstant(job, 2, channel, (-outer * sum) / rows(job));
  }
}

/** The gradient by the input. */
export function normGradient(job: usize, begin: i32, end: i32, scratch: usize): void {
  const step: usize = 4 * periodFloats(job);
  const outer = constants(job);
  const slopes = outer + step;
  const shifts = slopes + step;
  const center = shifts + step;
  const rectifier = mask(job);
  const x = input(job);
  const dy = gradient(job);
  const to = output(job);
  for (let block = begin; block < end; block++) {
    const offset = blockBytes(job, block);
    const stop: usize = offset + 4 * blockFloats(job, block);
    let at = offset;
    for (; at + step <= stop; at += step) {
      for (let place: usize = 0; place < step; place += 16) {
        const here = at + place;
        const given = v128.load(dy + here);
        const slope = rectifier == 0 ? given : through(given, v128.load(rectifier + here));
        const distance = f32x4.sub(v128.load(x + here), v128.load(center + place));
        const level = multiplyAdd(distance, v128.load(slopes + place), v128.load(shifts + place));
        v128.store(to + here, multiplyAdd(slope, v128.load(outer + place), level));
      }
    }
    for (let place: usize = 0; at < stop; at += 4, place += 4) {
      const distance = f32.load(x + at) - f32.load(center + place);
      const level = distance * f32.load(slopes + place) + f32.load(shifts + place);
      f32.store(to + at, scalarThrough(dy + at, rectifier, at) * f32.load(outer + place) + level);
    }
  }
}

/** The gradient through a rectifier or clip: `gradient` where `mask` is between the bounds. */
export function clipGradient(job: usize, begin: i32, end: i32, scratch: usize): void {
  const y = mask(job);
  const dy = gradient(job);
  const to = output(job);
  const lowest = f32x4.splat(low(job));
  const highest = f32x4.splat(high(job));
  for (let block = begin; block < end; block++) {
    let at = blockBytes(job, block);
    const stop: usize = at + 4 * blockFloats(job, block);
    for (; at + 16 <= stop; at += 16) {
      const value = v128.load(y + at);
      const above = v128.and(v128.load(dy + at), f32x4.gt(value, lowest));
      v128.store(to + at, v128.andnot(above, f32x4.ge(value, highest)));
    }
    for (; at < stop; at += 4) {
      const value = f32.load(y + at);
      const inside = value > low(job) && !(value >= high(job));
      f32.store(to + at, inside ? f32.load(dy + at) : 0);
    }
  }
}
