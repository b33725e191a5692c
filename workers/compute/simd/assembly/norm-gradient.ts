/** Gradients of batch normalisation and of the rectifier after it; of rectifiers and clips by themselves. */
import {
  betaGradient,
  blockBytes,
  blockFloats,
  blockPartial,
  blocks,
  channels,
  constants,
  epsilon,
  factor,
  fold,
  gamma,
  gammaGradient,
  gradient,
  high,
  input,
  low,
  mask,
  mean,
  output,
  partials,
  periodFloats,
  rows,
  setConstant,
  variance,
} from './pixel-blocks';
import { multiplyAdd } from './vector';

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
