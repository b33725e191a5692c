/**
 * What batch norm, forward and backward, and clips work on: pixels `[rows, channels]`, cut into blocks of rows that stay in
 * cache. A block is a whole number of periods: as many rows as make the channels a multiple of four, so that any number of
 * channels runs in whole vectors. Blocks give partial sums in single precision, which are put together in order and in double
 * precision: results do not depend on how the work is shared out.
 */

/** Field order is that of `simd-batch-norm.ts`. */
export function input(job: usize): usize {
  return load<u32>(job, 0);
}
/** Written by `normalise` and `normGradient`. */
export function output(job: usize): usize {
  return load<u32>(job, 4);
}
/** Gradient by the output. */
export function gradient(job: usize): usize {
  return load<u32>(job, 8);
}
/** Added by `normalise`; 0 = nothing. */
export function residual(job: usize): usize {
  return load<u32>(job, 12);
}
/** Rectified output: where it is 0, the gradient is. 0 = not rectified. */
export function mask(job: usize): usize {
  return load<u32>(job, 16);
}
/** For each block, two sums per channel. */
export function partials(job: usize): usize {
  return load<u32>(job, 20);
}
/** Four rows of a period each: factors the elementwise passes read. */
export function constants(job: usize): usize {
  return load<u32>(job, 24);
}
export function gamma(job: usize): usize {
  return load<u32>(job, 28);
}
export function beta(job: usize): usize {
  return load<u32>(job, 32);
}
export function mean(job: usize): usize {
  return load<u32>(job, 36);
}
/** Population variance. */
export function variance(job: usize): usize {
  return load<u32>(job, 40);
}
export function gammaGradient(job: usize): usize {
  return load<u32>(job, 44);
}
export function betaGradient(job: usize): usize {
  return load<u32>(job, 48);
}
export function rows(job: usize): i32 {
  return load<i32>(job, 52);
}
export function channels(job: usize): i32 {
  return load<i32>(job, 56);
}
/** A multiple of four. */
function blockRows(job: usize): i32 {
  return load<i32>(job, 60);
}
export function blocks(job: usize): i32 {
  return load<i32>(job, 64);
}
export function rectified(job: usize): bool {
  return load<i32>(job, 68) != 0;
}
export function epsilon(job: usize): f64 {
  return load<f32>(job, 72);
}
/** Between which the output's gradient goes through a clip; a ceiling that is no number is none. */
export function low(job: usize): f32 {
  return load<f32>(job, 76);
}
export function high(job: usize): f32 {
  return load<f32>(job, 80);
}

/** Floats of a period. */
export function periodFloats(job: usize): i32 {
  const count = channels(job);
  return count % 4 == 0 ? count : count % 2 == 0 ? 2 * count : 4 * count;
}

export function blockFloats(job: usize, block: i32): i32 {
  return min(blockRows(job), rows(job) - block * blockRows(job)) * channels(job);
}

export function blockBytes(job: usize, block: i32): usize {
  return 4 * <usize>block * blockRows(job) * channels(job);
}

/** Adds up a period's floats to channels. */
export function fold(job: usize, period: usize, to: usize): void {
  for (let channel = 0; channel < channels(job); channel++) {
    let sum: f32 = 0;
    for (let at = channel; at < periodFloats(job); at += channels(job)) sum += f32.load(period + 4 * at);
    f32.store(to + 4 * channel, sum);
  }
}

export function blockPartial(job: usize, block: i32, channel: i32): usize {
  return partials(job) + 8 * <usize>block * channels(job) + 4 * channel;
}

export function blockWeight(job: usize, block: i32): f64 {
  return min(blockRows(job), rows(job) - block * blockRows(job));
}

export function factor(tensor: usize, channel: i32, absent: f64): f64 {
  return tensor == 0 ? absent : <f64>f32.load(tensor + 4 * channel);
}

export function setConstant(job: usize, index: i32, channel: i32, value: f64): void {
  const row = constants(job) + 4 * index * periodFloats(job);
  for (let at = channel; at < periodFloats(job); at += channels(job)) f32.store(row + 4 * at, <f32>value);
}
