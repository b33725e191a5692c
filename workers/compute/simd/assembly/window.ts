/**
 * The description of a convolution's work that the page writes into memory, and the band of the input a kernel reads.
 *
 * Both kernels see the input as rows of pixels in which every tap of every window exists: where padding, cropping or
 * groups make the input something else, a band of it is first copied, zeros included, to the thread's scratch memory.
 * Field order is that of `window-plan.ts`.
 */

export function source(job: usize): usize {
  return load<u32>(job, 0);
}
/** Output of the convolution: written by `correlate`, read by `kernelGradient`. */
export function target(job: usize): usize {
  return load<u32>(job, 4);
}
/** Packed kernel, or the kernel's gradient. */
export function kernel(job: usize): usize {
  return load<u32>(job, 8);
}
/** Byte offsets, from a window's first pixel, of stretches of consecutive floats. */
export function segments(job: usize): usize {
  return load<u32>(job, 12);
}
export function segmentCount(job: usize): i32 {
  return load<i32>(job, 16);
}
/** Floats. */
export function segmentLength(job: usize): i32 {
  return load<i32>(job, 20);
}
function height(job: usize): i32 {
  return load<i32>(job, 24);
}
function width(job: usize): i32 {
  return load<i32>(job, 28);
}
/** Of a pixel of the input, all groups. */
function channels(job: usize): i32 {
  return load<i32>(job, 32);
}
function groupChannels(job: usize): i32 {
  return load<i32>(job, 36);
}
/** Input row of the first window's first tap. */
function originY(job: usize): i32 {
  return load<i32>(job, 40);
}
function originX(job: usize): i32 {
  return load<i32>(job, 44);
}
export function strideY(job: usize): i32 {
  return load<i32>(job, 48);
}
/** Bytes from one window to the next in a row of the band. */
export function columnStep(job: usize): usize {
  return load<i32>(job, 52);
}
/** Input rows a window spans. */
function reachY(job: usize): i32 {
  return load<i32>(job, 56);
}
/** Pixels in a row of the band. */
function bandWidth(job: usize): i32 {
  return load<i32>(job, 60);
}
/** Windows along height. */
export function rows(job: usize): i32 {
  return load<i32>(job, 64);
}
/** Windows along width. */
export function columns(job: usize): i32 {
  return load<i32>(job, 68);
}
/** Rows of windows in a band. */
export function bandRows(job: usize): i32 {
  return load<i32>(job, 72);
}
/** Bands in an image. */
export function bands(job: usize): i32 {
  return load<i32>(job, 76);
}
function direct(job: usize): bool {
  return load<i32>(job, 80) != 0;
}
export function groups(job: usize): i32 {
  return load<i32>(job, 84);
}
/** Output channels of a group. */
export function outputs(job: usize): i32 {
  return load<i32>(job, 88);
}
export function targetImage(job: usize): usize {
  return load<u32>(job, 92);
}
export function targetRow(job: usize): usize {
  return load<u32>(job, 96);
}
export function targetColumn(job: usize): usize {
  return load<u32>(job, 100);
}
export function images(job: usize): i32 {
  return load<i32>(job, 104);
}

/** Bytes from one row of the band to the next. */
export function bandStep(job: usize): usize {
  if (direct(job)) return 4 * width(job) * channels(job);
  return 4 * bandWidth(job) * groupChannels(job);
}

/** Address of the first window's first pixel in the band that begins with row `first` of the windows. */
export function openBand(job: usize, scratch: usize, image: i32, group: i32, first: i32, count: i32): usize {
  const rowBytes: usize = 4 * width(job) * channels(job);
  const image0: usize = source(job) + <usize>image * height(job) * rowBytes;
  const top = first * strideY(job) + originY(job);
  if (direct(job)) return image0 + top * rowBytes + 4 * originX(job) * channels(job);
  const step = bandStep(job);
  const lines = (count - 1) * strideY(job) + reachY(job);
  const left = originX(job);
  // Pixels of the band before, inside and after the image.
  const before = min(max(-left, 0), bandWidth(job));
  const inside = max(min(left + bandWidth(job), width(job)) - max(left, 0), 0);
  const pixel: usize = 4 * groupChannels(job);
  let to = scratch;
  for (let line = 0; line < lines; line++) {
    const y = top + line;
    if (y < 0 || y >= height(job) || inside == 0) {
      memory.fill(to, 0, step);
    } else {
      const begin = to + before * pixel;
      memory.fill(to, 0, before * pixel);
      copyPixels(
        begin,
        image0 + y * rowBytes + 4 * (max(left, 0) * channels(job) + group * groupChannels(job)),
        inside,
        job,
      );
      memory.fill(begin + inside * pixel, 0, step - (before + inside) * pixel);
    }
    to += step;
  }
  return scratch;
}

function copyPixels(to: usize, from: usize, count: i32, job: usize): void {
  const pixel: usize = 4 * groupChannels(job);
  if (groupChannels(job) == channels(job)) {
    memory.copy(to, from, count * pixel);
    return;
  }
  for (let at = 0; at < count; at++) {
    for (let byte: usize = 0; byte < pixel; byte += 4) f32.store(to + byte, f32.load(from + byte));
    to += pixel;
    from += 4 * channels(job);
  }
}
