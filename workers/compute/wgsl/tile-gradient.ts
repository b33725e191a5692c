/**
 * Gradient of a convolution by its kernel in register tiles, without shared memory or barriers.
 *
 * As in `tile-correlation.ts`, every load fetches four useful numbers: four input channels, one a lane, and four filters,
 * which the quad exchanges. An invocation holds the sums of one row of the kernel, and walks over its share of the lines;
 * shares are summed afterwards.
 */
import type { ConvolutionShape } from '../simd/window-plan';
import { dimensions, sizeOf } from './correlation-plan';
import { bindings } from './invocations';
import { evenly } from './tile-correlation';
import type { Shader } from './wgsl-operation';

const workgroupSize = 16;
const mostSums = 48;
const mostUnrolled = 200;
/** Quads that keep every core busy to the end. */
const enoughQuads = 256;

export interface GradientShader extends Shader {
  /** Parts of the sum; each is a tensor of the kernel's size in the result. */
  readonly shares: number;
}

export function tileKernelGradient(shape: ConvolutionShape, quads: boolean): GradientShader {
  const { input, kernel, output, window, groups } = shape;
  const [batch, height, width] = dimensions(input);
  const [, rows, columns] = dimensions(output);
  const [kernelRows, taps, depth, filters] = dimensions(kernel);
  const outputs = filters / groups;
  const range = (length: number): number[] => Array.from({ length }, (_, at) => at);

  // Taps of one row of the kernel that one invocation sums.
  const tapsAtOnce = evenly(taps, 4);
  const tapTiles = Math.ceil(taps / tapsAtOnce);
  const filterFours = Math.ceil(outputs / 4);
  const filterParts = evenly(filterFours, 2);
  const inputFours = Math.ceil(depth / 4);
  const inputParts = evenly(inputFours, Math.max(1, Math.floor(mostSums / (4 * tapsAtOnce * filterParts))));
  const pixels = evenly(
    columns,
    Math.max(1, Math.min(8, Math.floor(mostUnrolled / (4 * tapsAtOnce * filterParts * inputParts)))),
  );
  const filterTiles = Math.ceil(filterFours / filterParts);
  const inputTiles = Math.ceil(inputFours / inputParts);
  const tilesOfShare = kernelRows * tapTiles * filterTiles * inputTiles * groups;
  const lines = batch * rows;
  const linesOfShare = Math.ceil(lines / Math.min(lines, Math.max(1, Math.ceil(enoughQuads / tilesOfShare))));
  const shares = Math.ceil(lines / linesOfShare);
  const tiles = tilesOfShare * shares;
  const [strideX, dilationX] = [window.stride[1], window.dilation[1]];
  const met = (pixel: number, tap: number): number => pixel * strideX + tap * dilationX;
  const loaded = [...new Set(range(pixels).flatMap((pixel) => range(tapsAtOnce).map((tap) => met(pixel, tap))))];
  const sums = range(tapsAtOnce).flatMap((tap) =>
    range(inputParts).flatMap((input) =>
      range(filterParts).flatMap((filter) => range(4).map((turn) => ({ tap, input, filter, turn }))),
    ),
  );
  const wholeColumns = columns % pixels === 0;
  const inputChannels = depth * groups;

  const gradientLoad = (pixel: number, part: number): string => {
    const own = `d${pixel}_${part}_`;
    const guard = (value: string): string =>
      wholeColumns ? value : `select(0.0, ${value}, column + ${pixel} < ${columns})`;
    if (!quads)
      return range(4)
        .map((turn) => `let ${own}${turn} = ${guard(`dy[dyAt + ${pixel * filters + 4 * part + turn}]`)};`)
        .join('\n');
    return `let ${own}0 = ${guard(`dy[dyAt + ${pixel * filters + 4 * part} + lane]`)};
let ${own}1 = quadSwapX(${own}0);
let ${own}2 = quadSwapY(${own}0);
let ${own}3 = quadSwapDiagonal(${own}0);`;
  };
  const sum = ({ tap, input, filter, turn }: (typeof sums)[number]): string =>
    range(pixels).reduce(
      (inner, pixel) => `fma(x${met(pixel, tap)}_${input}, d${pixel}_${filter}_${turn}, ${inner})`,
      `s${tap}_${input}_${filter}_${turn}`,
    );
  const code = `${quads ? 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);' : ''}
${bindings(['source', 'dy'], ['goal'])}

@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = i32(local & 3u);
  var tile = i32((workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize / 4}u + (local >> 2u));
  if (tile >= ${tiles}) { return; }
  let firstFilter = (tile % ${filterTiles}) * ${4 * filterParts};
  tile /= ${filterTiles};
  let firstInput = (tile % ${inputTiles}) * ${4 * inputParts};
  tile /= ${inputTiles};
  let firstTap = (tile % ${tapTiles}) * ${tapsAtOnce};
  tile /= ${tapTiles};
  let kernelRow = tile % ${kernelRows};
  tile /= ${kernelRows};
  let group = tile % ${groups};
  let share = tile / ${groups};
${sums.map((one) => `  var s${one.tap}_${one.input}_${one.filter}_${one.turn} = 0.0;`).join('\n')}
  let end = min(${lines}, (share + 1) * ${linesOfShare});
  for (var line = share * ${linesOfShare}; line < end; line++) {
    let sourceRow = (line % ${rows}) * ${window.stride[0]} + kernelRow * ${window.dilation[0]} - ${window.padding[0]};
    if (u32(sourceRow) >= ${height}u) { continue; }
    let lineAt = ((line / ${rows}) * ${height} + sourceRow) * ${width * inputChannels} + group * ${depth} + firstInput + lane;
    for (var column = 0; column < ${columns}; column += ${pixels}) {
      let dyAt = (line * ${columns} + column) * ${filters} + group * ${outputs} + firstFilter;
      let firstColumn = column * ${strideX} + firstTap * ${dilationX} - ${window.padding[2]};
${loaded
  .flatMap((position) => [
    `      let c${position} = firstColumn + ${position};`,
    `      let i${position} = u32(c${position}) < ${width}u;`,
    ...range(inputParts).map(
      (part) =>
        `      let x${position}_${part} = select(0.0, source[lineAt + c${position} * ${inputChannels} + ${4 * part}], i${position});`,
    ),
  ])
  .join('\n')}
${range(pixels)
  .flatMap((pixel) => range(filterParts).map((part) => gradientLoad(pixel, part)))
  .join('\n')}
${sums.map((one) => `      s${one.tap}_${one.input}_${one.filter}_${one.turn} = ${sum(one)};`).join('\n')}
    }
  }
  let goalAt = share * ${sizeOf(kernel)} + ((kernelRow * ${taps} + firstTap) * ${depth} + firstInput + lane) * ${filters} + group * ${outputs} + firstFilter;
${sums
  .map(({ tap, input, filter, turn }) => {
    const at = quads ? `${4 * filter} + (lane ^ ${turn})` : `${4 * filter + turn}`;
    const conditions = [
      ...(tapTiles * tapsAtOnce === taps ? [] : [`firstTap + ${tap} < ${taps}`]),
      ...(inputTiles * inputParts * 4 === depth ? [] : [`firstInput + ${4 * input} + lane < ${depth}`]),
      ...(filterTiles * filterParts * 4 === outputs ? [] : [`firstFilter + ${at} < ${outputs}`]),
    ];
    const store = `goal[goalAt + ${(tap * depth + 4 * input) * filters} + ${at}] = s${tap}_${input}_${filter}_${turn};`;
    return conditions.length === 0 ? `  ${store}` : `  if (${conditions.join(' && ')}) { ${store} }`;
  })
  .join('\n')}
}
`;
  return { code, workgroups: Math.ceil((tiles * 4) / workgroupSize), shares };
}
