/**
 * Windows in which every channel is by itself: depthwise convolution, its gradients, and those of pooling. Pixels are
 * `[images, rows, columns, channels]`; which pixels meet is in tables (`tap-tables.ts`), so that padding, strides and
 * dilations are no business of the loops. Any number of channels: sixteen at a time, then four, then one.
 */
import { multiplyAdd } from './vector';

/** Field order is that of `simd-depthwise.ts`. */
function source(job: usize): usize {
  return load<u32>(job, 0);
}
/** Written by `windowSum` and `maxGradient`; the output's gradient in `depthwiseGradient`. */
function target(job: usize): usize {
  return load<u32>(job, 4);
}
/** `[taps down, taps across, channels]`; 0 = the tables' own factors. Sums of each part in `depthwiseGradient`. */
function kernel(job: usize): usize {
  return load<u32>(job, 8);
}
/** Of max pooling: its output and the gradient by that. */
function pooled(job: usize): usize {
  return load<u32>(job, 12);
}
function slopes(job: usize): usize {
  return load<u32>(job, 16);
}
/** How many words stand before the entries; where each row's begin, one number more than rows; the same for columns. */
function table(job: usize): usize {
  return load<u32>(job, 20);
}
function rows(job: usize): i32 {
  return load<i32>(job, 24);
}
function columns(job: usize): i32 {
  return load<i32>(job, 28);
}
/** Of the source. */
function imageBytes(job: usize): usize {
  return load<u32>(job, 32);
}
function rowBytes(job: usize): usize {
  return load<u32>(job, 36);
}
function channels(job: usize): i32 {
  return load<i32>(job, 40);
}
function tapsAcross(job: usize): i32 {
  return load<i32>(job, 44);
}
function taps(job: usize): i32 {
  return load<i32>(job, 48);
}
function images(job: usize): i32 {
  return load<i32>(job, 52);
}
function imagesOfPart(job: usize): i32 {
  return load<i32>(job, 56);
}
/** Bytes from one column's source pixel to the next column's, in `depthwiseGradient`. */
function columnStep(job: usize): usize {
  return load<u32>(job, 60);
}

/** Bytes of a table's entry, and of one in the list of a pixel's taps. */
const entryBytes: usize = 12;

function rowEntry(job: usize, row: i32): usize {
  return entryAt(job, load<i32>(table(job) + 4 * (1 + row)));
}
function columnEntry(job: usize, column: i32): usize {
  return entryAt(job, load<i32>(table(job) + 4 * (rows(job) + 2 + column)));
}
function entryAt(job: usize, entry: i32): usize {
  return table(job) + 4 * load<i32>(table(job)) + entryBytes * entry;
}

/**
 * Lists the taps of a pixel: address of the source pixel, of the kernel's numbers, factor. Returns the list's end.
 */
function listTaps(job: usize, image: usize, row: i32, column: i32, list: usize): usize {
  const pixel: usize = 4 * channels(job);
  const acrossEnd = columnEntry(job, column + 1);
  let to = list;
  for (let down = rowEntry(job, row); down < rowEntry(job, row + 1); down += entryBytes) {
    const line = image + load<i32>(down) * rowBytes(job);
    const tap = load<i32>(down, 4) * tapsAcross(job);
    const factor = load<f32>(down, 8);
    for (let across = columnEntry(job, column); across < acrossEnd; across += entryBytes) {
      store<u32>(to, line + load<i32>(across) * pixel);
      store<u32>(to, kernel(job) + (tap + load<i32>(across, 4)) * pixel, 4);
      store<f32>(to, factor * load<f32>(across, 8), 8);
      to += entryBytes;
    }
  }
  return to;
}

/** Rows `begin` to `end` of all images: every pixel the sum of its taps times the kernel's numbers, or the factors. */
export function windowSum(job: usize, begin: i32, end: i32, scratch: usize): void {
  const floats: usize = 4 * channels(job);
  let to = target(job) + <usize>begin * columns(job) * floats;
  for (let line = begin; line < end; line++) {
    const image = source(job) + (line / rows(job)) * imageBytes(job);
    for (let column = 0; column < columns(job); column++) {
      const stop = listTaps(job, image, line % rows(job), column, scratch);
      if (kernel(job) == 0) sumFactors(scratch, stop, to, floats);
      else sumProducts(scratch, stop, to, floats);
      to += floats;
    }
  }
}

function sumProducts(list: usize, stop: usize, to: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let tap = list; tap < stop; tap += entryBytes) {
      const x: usize = at + load<u32>(tap);
      const w: usize = at + load<u32>(tap, 4);
      a = multiplyAdd(v128.load(x), v128.load(w), a);
      b = multiplyAdd(v128.load(x, 16), v128.load(w, 16), b);
      c = multiplyAdd(v128.load(x, 32), v128.load(w, 32), c);
      d = multiplyAdd(v128.load(x, 48), v128.load(w, 48), d);
    }
    v128.store(to + at, a);
    v128.store(to + at, b, 16);
    v128.store(to + at, c, 32);
    v128.store(to + at, d, 48);
  }
  for (; at + 16 <= bytes; at += 16) {
    let a = f32x4.splat(0);
    for (let tap = list; tap < stop; tap += entryBytes) {
      a = multiplyAdd(v128.load(at + load<u32>(tap)), v128.load(at + load<u32>(tap, 4)), a);
    }
    v128.store(to + at, a);
  }
  for (; at < bytes; at += 4) {
    let a: f32 = 0;
    for (let tap = list; tap < stop; tap += entryBytes) {
      a += f32.load(at + load<u32>(tap)) * f32.load(at + load<u32>(tap, 4));
    }
    f32.store(to + at, a);
  }
}

function sumFactors(list: usize, stop: usize, to: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    let a = f32x4.splat(0);
    for (let tap = list; tap < stop; tap += entryBytes) {
      a = multiplyAdd(v128.load(at + load<u32>(tap)), v128.load32_splat(tap, 8), a);
    }
    v128.store(to + at, a);
  }
  for (; at < bytes; at += 4) {
    let a: f32 = 0;
    for (let tap = list; tap < stop; tap += entryBytes) a += f32.load(at + load<u32>(tap)) * f32.load(tap, 8);
    f32.store(to + at, a);
  }
}

/**
 * Parts `begin` to `end` of the images: the gradient by a depthwise kernel, `[taps, channels]` for each part. The
 * table's columns are the kernel's here: the first window that meets a pixel, how many do, and the first one's pixel.
 */
export function depthwiseGradient(job: usize, begin: i32, end: i32, scratch: usize): void {
  const pixel: usize = 4 * channels(job);
  const bytes: usize = pixel * taps(job);
  for (let part = begin; part < end; part++) {
    const sums = kernel(job) + part * bytes;
    memory.fill(sums, 0, bytes);
    const last = min(images(job), (part + 1) * imagesOfPart(job));
    for (let image = part * imagesOfPart(job); image < last; image++) {
      for (let row = 0; row < rows(job); row++) {
        const dy = target(job) + <usize>(image * rows(job) + row) * columns(job) * pixel;
        for (let down = rowEntry(job, row); down < rowEntry(job, row + 1); down += entryBytes) {
          const line = source(job) + image * imageBytes(job) + load<i32>(down) * rowBytes(job);
          const first = sums + load<i32>(down, 4) * tapsAcross(job) * pixel;
          for (let tap = 0; tap < tapsAcross(job); tap++) {
            const across = columnEntry(job, tap);
            const x = line + load<i32>(across, 8) * pixel;
            addProducts(job, x, dy + load<i32>(across) * pixel, load<i32>(across, 4), first + tap * pixel);
          }
        }
      }
    }
  }
}

/** Adds `count` pixels from `x` times those of `dy` to the sums. */
function addProducts(job: usize, x: usize, dy: usize, count: i32, sums: usize): void {
  const pixel: usize = 4 * channels(job);
  const step = columnStep(job);
  let at: usize = 0;
  for (; at + 64 <= pixel; at += 64) {
    let a = v128.load(sums + at);
    let b = v128.load(sums + at, 16);
    let c = v128.load(sums + at, 32);
    let d = v128.load(sums + at, 48);
    let from = x + at;
    let slope = dy + at;
    for (let left = count; left > 0; left--) {
      a = multiplyAdd(v128.load(from), v128.load(slope), a);
      b = multiplyAdd(v128.load(from, 16), v128.load(slope, 16), b);
      c = multiplyAdd(v128.load(from, 32), v128.load(slope, 32), c);
      d = multiplyAdd(v128.load(from, 48), v128.load(slope, 48), d);
      from += step;
      slope += pixel;
    }
    v128.store(sums + at, a);
    v128.store(sums + at, b, 16);
    v128.store(sums + at, c, 32);
    v128.store(sums + at, d, 48);
  }
  for (; at + 16 <= pixel; at += 16) {
    let a = v128.load(sums + at);
    for (let place = 0; place < count; place++) {
      a = multiplyAdd(v128.load(x + at + place * step), v128.load(dy + at + place * pixel), a);
    }
    v128.store(sums + at, a);
  }
  for (; at < pixel; at += 4) {
    let a = f32.load(sums + at);
    for (let place = 0; place < count; place++)
      a += f32.load(x + at + place * step) * f32.load(dy + at + place * pixel);
    f32.store(sums + at, a);
  }
}

/** Adds the parts' sums up, in order. */
export function addParts(parts: usize, count: i32, floats: i32, to: usize): void {
  const bytes: usize = 4 * floats;
  for (let at: usize = 0; at < bytes; at += 4) {
    let sum: f64 = 0;
    for (let part = 0; part < count; part++) sum += <f64>f32.load(parts + part * bytes + at);
    f32.store(to + at, <f32>sum);
  }
}

/** Images `begin` to `end`: each window's gradient to the first of its pixels that is its maximum. */
export function maxGradient(job: usize, begin: i32, end: i32, scratch: usize): void {
  const pixel: usize = 4 * channels(job);
  const distance = target(job) - source(job);
  for (let image = begin; image < end; image++) {
    const from = source(job) + image * imageBytes(job);
    memory.fill(from + distance, 0, imageBytes(job));
    let place: usize = <usize>image * rows(job) * columns(job) * pixel;
    for (let row = 0; row < rows(job); row++) {
      for (let column = 0; column < columns(job); column++) {
        const stop = listTaps(job, from, row, column, scratch);
        giveToFirst(scratch, stop, pooled(job) + place, slopes(job) + place, distance, pixel);
        place += pixel;
      }
    }
  }
}

/** `distance`: from a source pixel to its gradient. */
function giveToFirst(list: usize, stop: usize, top: usize, slope: usize, distance: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    const most = v128.load(top + at);
    let left = v128.load(slope + at);
    for (let tap = list; tap < stop; tap += entryBytes) {
      const x: usize = at + load<u32>(tap);
      const here = f32x4.eq(v128.load(x), most);
      v128.store(x + distance, f32x4.add(v128.load(x + distance), v128.and(left, here)));
      left = v128.andnot(left, here);
    }
  }
  for (; at < bytes; at += 4) {
    const most = f32.load(top + at);
    for (let tap = list; tap < stop; tap += entryBytes) {
      const x: usize = at + load<u32>(tap);
      if (f32.load(x) != most) continue;
      f32.store(x + distance, f32.load(x + distance) + f32.load(slope + at));
      break;
    }
  }
}
