/**
 * Convolution and its gradients as matrix products that are never stored as matrices (implicit GEMM): tiles of both factors
 * are gathered into workgroup memory, and an invocation sums four by four products in registers.
 */
import type { ConvolutionShape } from '../simd/window-plan';
import { bindings } from './invocations';
import { dimensions, ofPhase, sizeOf, type Correlation } from './correlation-plan';
import type { GradientShader } from './tile-gradient';
import type { Shader } from './wgsl-operation';

/** Rows of a tile, and depth of what is gathered at once. */
const tileRows = 64;
const tileDepth = 16;

/** A product `[rows, depth]` by `[depth, columns]`, for every one of `groups`; expressions are WGSL. */
interface Product {
  readonly reads: readonly [string, string];
  readonly rows: number;
  readonly columns: number;
  /** A number, or an expression of `group` where the depth is not the same for all. */
  readonly depth: number | string;
  /** No `depth` is more. */
  readonly mostDepth: number;
  readonly groups: number;
  /** Parts the depth is cut into, each a result of its own. */
  readonly shares: number;
  /** Bodies of functions of `(group, row, k)`, `(group, k, column)`; both return f32. In range when called. */
  readonly left: string;
  readonly right: string;
  /** Body of a function of `(group, share, row, column)` that returns the place of the result; below 0: there is none. */
  readonly goal: string;
}

function productShader(product: Product): Shader {
  const { rows, columns, depth, mostDepth, groups, shares } = product;
  const tileColumns = columns > 32 ? 64 : columns > 16 ? 32 : 16;
  const across = tileColumns / 4;
  const size = across * (tileRows / 4);
  const [rowTiles, columnTiles] = [Math.ceil(rows / tileRows), Math.ceil(columns / tileColumns)];
  const shareDepth = Math.ceil(mostDepth / shares / tileDepth) * tileDepth;
  const code = `${bindings(product.reads, ['goal'])}
var<workgroup> lefts: array<f32, ${tileRows * tileDepth}>;
var<workgroup> rights: array<vec4<f32>, ${across * tileDepth}>;

fn left(group: i32, row: i32, k: i32) -> f32 {
${product.left}
}
fn right(group: i32, k: i32, column: i32) -> f32 {
${product.right}
}
fn rightIn(group: i32, k: i32, column: i32, end: i32) -> f32 {
  if (k >= end || column >= ${columns}) { return 0.0; }
  return right(group, k, column);
}
fn place(group: i32, share: i32, row: i32, column: i32) -> i32 {
${product.goal}
}

@compute @workgroup_size(${size})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local_: u32,
) {
  let local = i32(local_);
  var tile = i32(workgroup.y * workgroups.x + workgroup.x);
  let firstColumn = (tile % ${columnTiles}) * ${tileColumns};
  tile /= ${columnTiles};
  let firstRow = (tile % ${rowTiles}) * ${tileRows};
  tile /= ${rowTiles};
  let group = tile % ${groups};
  // Past the last where the dispatch had to be made rectangular: those gather nothing and write nothing.
  let share = tile / ${groups};
  let begin = share * ${shareDepth};
  let end = min(${depth}, begin + ${shareDepth});
  let ownRow = (local / ${across}) * 4;
  let ownColumn = local % ${across};
  var sums: array<vec4<f32>, 4>;
  for (var first = begin; first < end; first += ${tileDepth}) {
    for (var at = local; at < ${tileRows * tileDepth}; at += ${size}) {
      let row = firstRow + at / ${tileDepth};
      let k = first + at % ${tileDepth};
      var value = 0.0;
      if (row < ${rows} && k < end) { value = left(group, row, k); }
      lefts[(at % ${tileDepth}) * ${tileRows} + at / ${tileDepth}] = value;
    }
    for (var at = local; at < ${across * tileDepth}; at += ${size}) {
      let k = first + at / ${across};
      let column = firstColumn + (at % ${across}) * 4;
      rights[at] = vec4<f32>(
        rightIn(group, k, column, end),
        rightIn(group, k, column + 1, end),
        rightIn(group, k, column + 2, end),
        rightIn(group, k, column + 3, end),
      );
    }
    workgroupBarrier();
    for (var k = 0; k < ${tileDepth}; k++) {
      let r = rights[k * ${across} + ownColumn];
      let l = k * ${tileRows} + ownRow;
      sums[0] = fma(vec4<f32>(lefts[l]), r, sums[0]);
      sums[1] = fma(vec4<f32>(lefts[l + 1]), r, sums[1]);
      sums[2] = fma(vec4<f32>(lefts[l + 2]), r, sums[2]);
      sums[3] = fma(vec4<f32>(lefts[l + 3]), r, sums[3]);
    }
    workgroupBarrier();
  }
  if (share >= ${shares}) { return; }
  for (var y = 0; y < 4; y++) {
    let row = firstRow + ownRow + y;
    if (row >= ${rows}) { return; }
    for (var x = 0; x < 4; x++) {
      let column = firstColumn + ownColumn * 4 + x;
      let at = place(group, share, row, column);
      if (column < ${columns} && at >= 0) { goal[at] = sums[y][x]; }
    }
  }
}
`;
  return { code, workgroups: rowTiles * columnTiles * groups * shares };
}

export function sharedCorrelation(job: Correlation): Shader {
  const { batch, rows, columns, groups, depth, outputs, kernelStrides } = job;
  const pixels = rows.positions * columns.positions;
  // Phases are groups of the product: phase of the rows, phase of the columns, group of the convolution.
  const [down, across] = [rows.phases.length, columns.phases.length];
  const [rowPhase, columnPhase] = [`(group / ${across * groups})`, `(group / ${groups} % ${across})`];
  const rowTaps = ofPhase(rows, ({ taps }) => taps, rowPhase);
  const columnTaps = ofPhase(columns, ({ taps }) => taps, columnPhase);
  const mostTaps = (axis: typeof rows): number => Math.max(...axis.phases.map(({ taps }) => taps));
  const tapsOf = `  let tap = k / ${depth};
  let across = ${columnTaps};
  let down = tap / across;`;
  const own = `(group % ${groups})`;
  return productShader({
    reads: ['source', 'kernel'],
    rows: batch * pixels,
    columns: outputs,
    depth: `(${rowTaps} * ${columnTaps} * ${depth})`,
    mostDepth: mostTaps(rows) * mostTaps(columns) * depth,
    groups: groups * down * across,
    shares: 1,
    left: `${tapsOf}
  let y = ((row / ${columns.positions}) % ${rows.positions}) * ${rows.scale} + ${ofPhase(rows, ({ offset }) => offset, rowPhase)} + down * ${rows.step};
  let x = (row % ${columns.positions}) * ${columns.scale} + ${ofPhase(columns, ({ offset }) => offset, columnPhase)} + (tap % across) * ${columns.step};
  if (u32(y) >= ${rows.source}u || u32(x) >= ${columns.source}u) { return 0.0; }
  let pixel = ((row / ${pixels}) * ${rows.source} + y) * ${columns.source} + x;
  return source[pixel * ${groups * depth} + ${own} * ${depth} + k % ${depth}];`,
    right: `${tapsOf}
  let y = ${ofPhase(rows, ({ first }) => first, rowPhase)} + down * ${rows.stride};
  let x = ${ofPhase(columns, ({ first }) => first, columnPhase)} + (tap % across) * ${columns.stride};
  return kernel[y * ${kernelStrides.row} + x * ${kernelStrides.column} + (k % ${depth}) * ${kernelStrides.depth}
    + column * ${kernelStrides.output} + ${own} * ${kernelStrides.group}];`,
    goal: `  let y = ((row / ${columns.positions}) % ${rows.positions}) * ${down} + ${rowPhase};
  let x = (row % ${columns.positions}) * ${across} + ${columnPhase};
  if (y >= ${rows.target} || x >= ${columns.target}) { return -1; }
  let pixel = ((row / ${pixels}) * ${rows.target} + y) * ${columns.target} + x;
  return pixel * ${groups * outputs} + ${own} * ${outputs} + column;`,
  });
}

/** Workgroups that keep a GPU busy. */
const enoughWorkgroups = 128;
const fewestPixelsOfShare = 256;

export function sharedKernelGradient(shape: ConvolutionShape): GradientShader {
  const { input, kernel, output, window, groups } = shape;
  const [batch, height, width, channels] = dimensions(input);
  const [, rows, columns] = dimensions(output);
  const [kernelRows, taps, depth, filters] = dimensions(kernel);
  const outputs = filters / groups;
  const pixels = batch * rows * columns;
  const tiles = Math.ceil((kernelRows * taps * depth) / tileRows) * Math.ceil(outputs / 64) * groups;
  const wanted = Math.min(Math.ceil(enoughWorkgroups / tiles), Math.ceil(pixels / fewestPixelsOfShare));
  const shareDepth = Math.ceil(pixels / wanted / tileDepth) * tileDepth;
  const shares = Math.ceil(pixels / shareDepth);
  const shader = productShader({
    reads: ['source', 'dy'],
    rows: kernelRows * taps * depth,
    columns: outputs,
    depth: pixels,
    mostDepth: pixels,
    groups,
    shares,
    left: `  let tap = row / ${depth};
  let y = ((k / ${columns}) % ${rows}) * ${window.stride[0]} + (tap / ${taps}) * ${window.dilation[0]} - ${window.padding[0]};
  let x = (k % ${columns}) * ${window.stride[1]} + (tap % ${taps}) * ${window.dilation[1]} - ${window.padding[2]};
  if (u32(y) >= ${height}u || u32(x) >= ${width}u) { return 0.0; }
  return source[(((k / ${rows * columns}) * ${height} + y) * ${width} + x) * ${channels} + group * ${depth} + row % ${depth}];`,
    right: `  return dy[k * ${filters} + group * ${outputs} + column];`,
    goal: `  return share * ${sizeOf(kernel)} + row * ${filters} + group * ${outputs} + column;`,
  });
  return { ...shader, shares };
}
