/**
 * Convolution's gradient by its kernel: a window's floats times the output gradient, summed over all windows.
 *
 * Tiles of six floats of a segment by eight outputs stay in registers while a band's windows run past. Bands and images
 * are added up in order, each tile by one thread: results do not depend on how the work is shared out.
 */
import { multiplyAdd, storePart } from './vector';
import {
  bandRows,
  bands,
  bandStep,
  columns,
  columnStep,
  groups,
  images,
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

/** Floats of a segment in a tile. */
const tileFloats = 6;

/**
 * Tiles `begin` to `end` of `segments * tiles of a segment * panels of eight outputs`, of every group. The gradient holds
 * zeros before.
 */
export function kernelGradient(job: usize, begin: i32, end: i32, scratch: usize): void {
  const panels = (outputs(job) + 7) / 8;
  const tiles = (segmentLength(job) + tileFloats - 1) / tileFloats;
  for (let image = 0; image < images(job); image++) {
    for (let group = 0; group < groups(job); group++) {
      for (let band = 0; band < bands(job); band++) {
        const first = band * bandRows(job);
        const count = min(bandRows(job), rows(job) - first);
        const pixels = openBand(job, scratch, image, group, first, count);
        const outer = 4 * group * outputs(job);
        const gradient: usize = target(job) + image * targetImage(job) + first * targetRow(job) + outer;
        for (let at = begin; at < end; at++) {
          const panel = at % panels;
          const tile = (at / panels) % tiles;
          const segment = at / panels / tiles;
          const float = tile * tileFloats;
          const row = segment * segmentLength(job) + float;
          addTile(
            job,
            count,
            pixels + load<u32>(segments(job) + 4 * segment) + 4 * float,
            gradient + 32 * panel,
            kernel(job) + row * targetColumn(job) + outer + 32 * panel,
            min(tileFloats, segmentLength(job) - float),
            min(8, outputs(job) - 8 * panel),
          );
        }
      }
    }
  }
}

/** Adds a band's windows to `floats` rows (6 or fewer) of `lanes` sums (8 or fewer) at `sums`. Reads full tiles. */
function addTile(job: usize, count: i32, from: usize, gradient: usize, sums: usize, floats: i32, lanes: i32): void {
  const inStep = columnStep(job);
  const outStep = targetColumn(job);
  const inLine = strideY(job) * bandStep(job);
  const outLine = targetRow(job);
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
  for (let row = 0; row < count; row++) {
    let a = from + row * inLine;
    let w = gradient + row * outLine;
    for (let end = a + columns(job) * inStep; a < end; a += inStep) {
      low = v128.load(w);
      high = v128.load(w, 16);
      x = v128.load32_splat(a);
      low0 = multiplyAdd(x, low, low0);
      high0 = multiplyAdd(x, high, high0);
      x = v128.load32_splat(a, 4);
      low1 = multiplyAdd(x, low, low1);
      high1 = multiplyAdd(x, high, high1);
      x = v128.load32_splat(a, 8);
      low2 = multiplyAdd(x, low, low2);
      high2 = multiplyAdd(x, high, high2);
      x = v128.load32_splat(a, 12);
      low3 = multiplyAdd(x, low, low3);
      high3 = multiplyAdd(x, high, high3);
      x = v128.load32_splat(a, 16);
      low4 = multiplyAdd(x, low, low4);
      high4 = multiplyAdd(x, high, high4);
      x = v128.load32_splat(a, 20);
      low5 = multiplyAdd(x, low, low5);
      high5 = multiplyAdd(x, high, high5);
      w += outStep;
    }
  }
  addOutputs(sums, low0, high0, lanes);
  if (floats > 1) addOutputs(sums + outStep, low1, high1, lanes);
  if (floats > 2) addOutputs(sums + 2 * outStep, low2, high2, lanes);
  if (floats > 3) addOutputs(sums + 3 * outStep, low3, high3, lanes);
  if (floats > 4) addOutputs(sums + 4 * outStep, low4, high4, lanes);
  if (floats > 5) addOutputs(sums + 5 * outStep, low5, high5, lanes);
}

function addOutputs(to: usize, low: v128, high: v128, lanes: i32): void {
  storePart(to, f32x4.add(v128.load(to), low), lanes);
  storePart(to + 16, f32x4.add(v128.load(to, 16), high), lanes - 4);
}
