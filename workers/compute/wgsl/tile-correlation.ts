/**
 * Correlation in register tiles, without shared memory or barriers.
 *
 * On a software adapter a load costs as much as twenty to forty multiply-adds, because each of the four lanes that run
 * together fetches its own number. So every load is made to fetch four useful numbers: the lanes of a quad hold four lines
 * of the target, each some pixels long, and a kernel load fetches four outputs, one a lane, which the quad then
 * exchanges (`quadSwap`). The sum number j of lane l belongs to output l ^ j. Pixels of a line that several taps meet are
 * loaded once.
 */
import { bindings } from './invocations';
import { ofPhase, tileOf, type Correlation } from './correlation-plan';
import type { Shader } from './wgsl-operation';

/** Invocations of a workgroup: four quads. */
const workgroupSize = 16;

/** Sums of an invocation: beyond them, programs grow and nothing is won. */
const mostSums = 128;
/** Pixels of a tile that taps meet. */
const mostPixels = 16;
/** Multiply-adds unrolled in the innermost loop. */
const mostUnrolled = 640;

export function tileCorrelation(job: Correlation, quads: boolean): Shader {
  const { batch, rows, columns, groups, depth, outputs, kernelStrides } = job;
  // Pixels that no tap meets are zeros and cost nothing but their store.
  const live = Math.max(1, columns.phases.filter(({ taps }) => taps > 0).length);
  const positions = evenly(columns.positions, Math.max(1, Math.min(8, Math.floor(mostPixels / live))));
  const { pixels, sources, kernels } = tileOf(columns, positions);
  const metPixels = pixels.filter(({ met }) => met.length > 0);
  const products = metPixels.reduce((sum, { met }) => sum + met.length, 0);
  const fours = Math.ceil(outputs / 4);
  const most = Math.min(mostSums / (4 * Math.max(1, metPixels.length)), mostUnrolled / (4 * Math.max(1, products)));
  const parts = evenly(fours, Math.max(1, Math.floor(most)));
  const outputTiles = Math.ceil(fours / parts);
  const columnTiles = Math.ceil(columns.positions / positions);
  // The lanes of a quad have the same phase: they share the kernel.
  const lines = batch * rows.positions;
  const lineTiles = Math.ceil(lines / 4);
  const tiles = outputTiles * columnTiles * groups * lineTiles * rows.phases.length;
  const range = (length: number): number[] => Array.from({ length }, (_, at) => at);
  const name = (position: number): string => String(position).replace('-', 'm');
  const sums = metPixels.flatMap((pixel) =>
    range(parts).flatMap((part) => range(4).map((turn) => ({ ...pixel, part, turn }))),
  );
  const partWidth = 4 * parts;
  const wholeRows = rows.positions * rows.phases.length === rows.target;
  const wholeColumns = columnTiles * pixels.length === columns.target;
  const wholeOutputs = outputTiles * partWidth === outputs;
  const sourceChannels = groups * depth;
  const targetChannels = groups * outputs;

  const kernelLoad = (column: number, part: number): string => {
    const at = `kernelAt + ${column * kernelStrides.column}`;
    const own = `w${column}_${part}_`;
    if (!quads)
      return range(4)
        .map((turn) => `let ${own}${turn} = kernel[${at} + ${(4 * part + turn) * kernelStrides.output}];`)
        .join('\n');
    return `let ${own}0 = kernel[${at} + ${4 * part * kernelStrides.output} + lane * ${kernelStrides.output}];
let ${own}1 = quadSwapX(${own}0);
let ${own}2 = quadSwapY(${own}0);
let ${own}3 = quadSwapDiagonal(${own}0);`;
  };
  const sum = ({ at, met, part, turn }: (typeof sums)[number]): string =>
    met.reduce(
      (inner, { source, kernel }) => `fma(x${name(source)}, w${kernel}_${part}_${turn}, ${inner})`,
      `s${at}_${part}_${turn}`,
    );
  const store = (at: number, part: number, turn: number, value: string): string => {
    const output = quads ? `${4 * part} + (lane ^ ${turn})` : `${4 * part + turn}`;
    const conditions = [
      ...(wholeColumns ? [] : [`firstTarget + ${at} < ${columns.target}`]),
      ...(wholeOutputs ? [] : [`firstOutput + ${output} < ${outputs}`]),
    ];
    const assign = `goal[goalAt + ${at * targetChannels} + ${output}] = ${value};`;
    return conditions.length === 0 ? `  ${assign}` : `  if (${conditions.join(' && ')}) { ${assign} }`;
  };
  const code = `${quads ? 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);' : ''}
${bindings(['source', 'kernel'], ['goal'])}

@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = i32(local & 3u);
  var tile = i32((workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize / 4}u + (local >> 2u));
  // Where no tap meets any column nothing is read; the bindings stay.
  _ = &source;
  _ = &kernel;
  if (tile >= ${tiles}) { return; }
  let firstOutput = (tile % ${outputTiles}) * ${partWidth};
  tile /= ${outputTiles};
  let firstColumn = (tile % ${columnTiles}) * ${positions};
  tile /= ${columnTiles};
  let group = tile % ${groups};
  tile /= ${groups};
  let phase = tile / ${lineTiles};
  let line = (tile % ${lineTiles}) * 4 + lane;
  let image = line / ${rows.positions};
  let row = line % ${rows.positions};
  let rowOffset = row * ${rows.scale} + ${ofPhase(rows, ({ offset }) => offset, 'phase')};
  let firstTap = ${ofPhase(rows, ({ first }) => first, 'phase')};
  let taps = ${kernels.length === 0 ? 0 : ofPhase(rows, (own) => own.taps, 'phase')};
${sums.map(({ at, part, turn }) => `  var s${at}_${part}_${turn} = 0.0;`).join('\n')}
${sources
  .map(
    (position) => `  let c${name(position)} = firstColumn * ${columns.scale} + ${position};
  let i${name(position)} = u32(c${name(position)}) < ${columns.source}u;`,
  )
  .join('\n')}
  for (var tap = 0; tap < taps; tap++) {
    let sourceRow = rowOffset + tap * ${rows.step};
    let inside = u32(sourceRow) < ${rows.source}u;
    let lineAt = (image * ${rows.source} + sourceRow) * ${columns.source * sourceChannels} + group * ${depth};
    let tapAt = (firstTap + tap * ${rows.stride}) * ${kernelStrides.row} + group * ${kernelStrides.group} + firstOutput * ${kernelStrides.output};
${sources.map((position) => `    let o${name(position)} = inside & i${name(position)};\n    let a${name(position)} = lineAt + c${name(position)} * ${sourceChannels};`).join('\n')}
    for (var channel = 0; channel < ${depth}; channel++) {
      let kernelAt = tapAt + channel * ${kernelStrides.depth};
${sources.map((position) => `      let x${name(position)} = select(0.0, source[a${name(position)} + channel], o${name(position)});`).join('\n')}
${kernels.flatMap((column) => range(parts).map((part) => kernelLoad(column, part))).join('\n')}
${sums.map((one) => `      s${one.at}_${one.part}_${one.turn} = ${sum(one)};`).join('\n')}
    }
  }
  let targetRow = row * ${rows.phases.length} + phase;
  if (line >= ${lines}${wholeRows ? '' : ` || targetRow >= ${rows.target}`}) { return; }
  let firstTarget = firstColumn * ${columns.phases.length};
  let goalAt = ((image * ${rows.target} + targetRow) * ${columns.target} + firstTarget) * ${targetChannels} + group * ${outputs} + firstOutput;
${pixels
  .flatMap(({ at, met }) =>
    range(parts).flatMap((part) =>
      range(4).map((turn) => store(at, part, turn, met.length === 0 ? '0.0' : `s${at}_${part}_${turn}`)),
    ),
  )
  .join('\n')}
}
`;
  return { code, workgroups: Math.ceil((tiles * 4) / workgroupSize) };
}

/** The size of equal parts, at most `most`, that make `whole`: exactly if that takes few parts more than it must. */
export function evenly(whole: number, most: number): number {
  for (let part = Math.min(whole, most); part > most / 2; part--) if (whole % part === 0) return part;
  return Math.max(1, Math.ceil(whole / Math.ceil(whole / most)));
}
