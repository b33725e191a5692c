/**
 * Convolution forward, and its gradient by the input: every window's floats times a packed kernel.
 *
 * Six windows by eight outputs are summed in twelve registers: each float of a window is read once per eight outputs and
 * each vector of the kernel once per six windows, so that loading keeps up with two multiply-adds a cycle (Goto and
 * van de Geijn 2008); the tile is the largest that fits the sixteen registers of x64. A sum runs in the order of the
 * segments wherever its window stands in a tile: results do not depend on how the work is shared out.
 */
import { multiplyAdd, storePart } from './vector';
import {
  bandRows,
  bands,
  bandStep,
  columns,
  columnStep,
  groups,
  kernel,
  openBand,
  outputs,
  rows,
  segmentCount,
  segmentLength,
  segments,
  strideY,
  target,
  targetColumn,
  targetImage,
  targetRow,
} from './window';

/** Windows in a tile. */
const tileWindows = 6;

/** Bands `begin` to `end` of all images and groups. `scratch` holds the windows' addresses, then the band. */
export function correlate(job: usize, begin: i32, end: i32, scratch: usize): void {
  const windows = bandRows(job) * columns(job);
  const room = scratch + 8 * tileWindows * ((windows + tileWindows - 1) / tileWindows);
  for (let at = begin; at < end; at++) {
    const band = at % bands(job);
    const group = (at / bands(job)) % groups(job);
    const image = at / bands(job) / groups(job);
    const first = band * bandRows(job);
    const count = min(bandRows(job), rows(job) - first);
    const pixels = openBand(job, room, image, group, first, count);
    const to = target(job) + image * targetImage(job) + first * targetRow(job) + 4 * <usize>(group * outputs(job));
    listWindows(job, scratch, pixels, to, count);
    multiplyPanels(job, scratch, group, count * columns(job));
  }
}

/** Input and output address of every window; whole tiles, the last window repeated. */
function listWindows(job: usize, list: usize, pixels: usize, to: usize, count: i32): void {
  let at = list;
  for (let row = 0; row < count; row++) {
    let from: usize = pixels + row * strideY(job) * bandStep(job);
    let out: usize = to + row * targetRow(job);
    for (let column = 0; column < columns(job); column++) {
      store<u32>(at, from);
      store<u32>(at, out, 4);
      at += 8;
      from += columnStep(job);
      out += targetColumn(job);
    }
  }
  const last = load<u64>(at - 8);
  while ((at - list) % (8 * tileWindows) != 0) {
    store<u64>(at, last);
    at += 8;
  }
}

function multiplyPanels(job: usize, list: usize, group: i32, windows: i32): void {
  const panelBytes: usize = 32 * segmentCount(job) * segmentLength(job);
  const panels = (outputs(job) + 7) / 8;
  const end = list + 8 * windows;
  for (let panel = 0; panel < panels; panel++) {
    const weights = kernel(job) + (group * panels + panel) * panelBytes;
    const lanes = min(8, outputs(job) - 8 * panel);
    for (let tile = list; tile < end; tile += 8 * tileWindows) multiplyTile(job, tile, weights, 32 * panel, lanes);
  }
}

/** Outputs `offset` bytes into each window's, `lanes` of them. */
function multiplyTile(job: usize, tile: usize, weights: usize, offset: usize, lanes: i32): void {
  const steps = segmentLength(job) / 4;
  const rest = segmentLength(job) % 4;
  const segmentsEnd = segments(job) + 4 * segmentCount(job);
  let w = weights;
  let x: v128, low: v128, high: v128;
  let low0 = f32x4.splat(0);
  let high0 = low0;
  let low1 = low0;
  let high1 = low0;
  let low2 = low0;
  let high2 = low0;
  let low3 = low0;
  let high3 = low0;
  let low4 = low0;
  let high4 = low0;
  let low5 = low0;
  let high5 = low0;
  for (let segment = segments(job); segment < segmentsEnd; segment += 4) {
    const start: usize = load<u32>(segment);
    let a0 = start + load<u32>(tile, 0);
    let a1 = start + load<u32>(tile, 8);
    let a2 = start + load<u32>(tile, 16);
    let a3 = start + load<u32>(tile, 24);
    let a4 = start + load<u32>(tile, 32);
    let a5 = start + load<u32>(tile, 40);
    for (let step = 0; step < steps; step++) {
      low = v128.load(w);
      high = v128.load(w, 16);
      x = v128.load32_splat(a0);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a1);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a2);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a3);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a4);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a5);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      low = v128.load(w, 32);
      high = v128.load(w, 48);
      x = v128.load32_splat(a0, 4);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a1, 4);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a2, 4);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a3, 4);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a4, 4);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a5, 4);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      low = v128.load(w, 64);
      high = v128.load(w, 80);
      x = v128.load32_splat(a0, 8);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a1, 8);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a2, 8);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a3, 8);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a4, 8);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a5, 8);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      low = v128.load(w, 96);
      high = v128.load(w, 112);
      x = v128.load32_splat(a0, 12);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a1, 12);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a2, 12);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a3, 12);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a4, 12);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a5, 12);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      a4 += 16;
      a5 += 16;
      w += 128;
    }
    for (let step = 0; step < rest; step++) {
      low = v128.load(w);
      high = v128.load(w, 16);
      x = v128.load32_splat(a0);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a1);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a2);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a3);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a4);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a5);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      a4 += 4;
      a5 += 4;
      w += 32;
    }
  }
  storeOutputs(offset + load<u32>(tile, 4), low0, high0, lanes);
  storeOutputs(offset + load<u32>(tile, 12), low1, high1, lanes);
  storeOutputs(offset + load<u32>(tile, 20), low2, high2, lanes);
  storeOutputs(offset + load<u32>(tile, 28), low3, high3, lanes);
  storeOutputs(offset + load<u32>(tile, 36), low4, high4, lanes);
  storeOutputs(offset + load<u32>(tile, 44), low5, high5, lanes);
}

function storeOutputs(to: usize, low: v128, high: v128, lanes: i32): void {
  storePart(to, low, lanes);
  storePart(to + 16, high, lanes - 4);
}
