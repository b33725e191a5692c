/**
 * Correlation in register tiles, without shared memory or barriers.
 *
 * On a software adapter a load costs as much as twenty to forty multiply-adds, because each of the four lanes that run
 * together fetches its own number. So every load is made to fetch four useful numbers: the lanes of a quad hold four lines
 * of the target, each `columns` pixels long, and a kernel load fetches four outputs, one a lane, which the quad then
 * exchanges (`quadSwap`). The sum number j of lane l belongs to output l ^ j. Pixels of a line that several taps meet are
 * loaded once.
 */
import { bindings } from './invocations';
import type { Correlation } from './correlation-plan';
import type { Shader } from './wgsl-operation';

/** Invocations of a workgroup: four quads. */
const workgroupSize = 16;

/** Sums of an invocation: beyond them, programs grow and nothing is won. */
const mostSums = 128;
/** Multiply-adds unrolled in the innermost loop. */
const mostUnrolled = 640;

export function tileCorrelation(job: Correlation, quads: boolean): Shader {
  const { batch, rows, columns, groups, depth, outputs, kernelStrides } = job;
  const pixels = evenly(columns.positions, 8);
  const fours = Math.ceil(outputs / 4);
  const most = Math.min(mostSums / (4 * pixels), mostUnrolled / (4 * pixels * Math.max(1, columns.taps)));
  const parts = evenly(fours, Math.max(1, Math.floor(most)));
  const counts = {
    outputTiles: Math.ceil(fours / parts),
    columnTiles: Math.ceil(columns.positions / pixels),
    lines: batch * rows.positions,
  };
  const lineTiles = Math.ceil(counts.lines / 4);
  const tiles = counts.outputTiles * counts.columnTiles * groups * lineTiles;
  const range = (length: number): number[] => Array.from({ length }, (_, at) => at);
  const met = (pixel: number, tap: number): number => pixel * columns.scale + tap * columns.step + columns.offset;
  const loaded = [...new Set(range(pixels).flatMap((pixel) => range(columns.taps).map((tap) => met(pixel, tap))))];
  const name = (position: number): string => String(position).replace('-', 'm');
  const sums = range(pixels).flatMap((pixel) =>
    range(parts).flatMap((part) => range(4).map((turn) => ({ pixel, part, turn }))),
  );
  const partWidth = 4 * parts;
  const wholeColumns = counts.columnTiles * pixels === columns.positions;
  const wholeOutputs = counts.outputTiles * partWidth === outputs;
  const sourceChannels = groups * depth;
  const targetChannels = groups * outputs;

  const kernelLoad = (tap: number, part: number): string => {
    const at = `kernelAt + ${(columns.first + tap * columns.stride) * kernelStrides.column}`;
    const own = `w${tap}_${part}_`;
    if (!quads)
      return range(4)
        .map((turn) => `let ${own}${turn} = kernel[${at} + ${(4 * part + turn) * kernelStrides.output}];`)
        .join('\n');
    return `let ${own}0 = kernel[${at} + ${4 * part * kernelStrides.output} + lane * ${kernelStrides.output}];
let ${own}1 = quadSwapX(${own}0);
let ${own}2 = quadSwapY(${own}0);
let ${own}3 = quadSwapDiagonal(${own}0);`;
  };
  const sum = ({ pixel, part, turn }: (typeof sums)[number]): string =>
    range(columns.taps).reduce(
      (inner, tap) => `fma(x${name(met(pixel, tap))}, w${tap}_${part}_${turn}, ${inner})`,
      `s${pixel}_${part}_${turn}`,
    );
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
  // A phase that no tap meets reads nothing; the bindings stay.
  _ = &source;
  _ = &kernel;
  if (tile >= ${tiles}) { return; }
  let firstOutput = (tile % ${counts.outputTiles}) * ${partWidth};
  tile /= ${counts.outputTiles};
  let firstColumn = (tile % ${counts.columnTiles}) * ${pixels};
  tile /= ${counts.columnTiles};
  let group = tile % ${groups};
  let line = (tile / ${groups}) * 4 + lane;
  let image = line / ${rows.positions};
  let row = line % ${rows.positions};
${sums.map(({ pixel, part, turn }) => `  var s${pixel}_${part}_${turn} = 0.0;`).join('\n')}
${loaded
  .map(
    (position) => `  let c${name(position)} = firstColumn * ${columns.scale} + ${position};
  let i${name(position)} = u32(c${name(position)}) < ${columns.source}u;`,
  )
  .join('\n')}
  for (var tap = 0; tap < ${columns.taps === 0 ? 0 : rows.taps}; tap++) {
    let sourceRow = row * ${rows.scale} + ${rows.offset} + tap * ${rows.step};
    let inside = u32(sourceRow) < ${rows.source}u;
    let lineAt = (image * ${rows.source} + sourceRow) * ${columns.source * sourceChannels} + group * ${depth};
    let tapAt = (${rows.first} + tap * ${rows.stride}) * ${kernelStrides.row} + group * ${kernelStrides.group} + firstOutput * ${kernelStrides.output};
${loaded.map((position) => `    let o${name(position)} = inside & i${name(position)};\n    let a${name(position)} = lineAt + c${name(position)} * ${sourceChannels};`).join('\n')}
    for (var channel = 0; channel < ${depth}; channel++) {
      let kernelAt = tapAt + channel * ${kernelStrides.depth};
${loaded.map((position) => `      let x${name(position)} = select(0.0, source[a${name(position)} + channel], o${name(position)});`).join('\n')}
${range(columns.taps)
  .flatMap((tap) => range(parts).map((part) => kernelLoad(tap, part)))
  .join('\n')}
${sums.map((one) => `      s${one.pixel}_${one.part}_${one.turn} = ${sum(one)};`).join('\n')}
    }
  }
  if (line >= ${counts.lines}) { return; }
  let goalAt = ((image * ${rows.target} + row * ${rows.phases} + ${rows.phase}) * ${columns.target} + firstColumn * ${columns.phases} + ${columns.phase}) * ${targetChannels} + group * ${outputs} + firstOutput;
${sums
  .map(({ pixel, part, turn }) => {
    const output = quads ? `${4 * part} + (lane ^ ${turn})` : `${4 * part + turn}`;
    const conditions = [
      ...(wholeColumns ? [] : [`firstColumn + ${pixel} < ${columns.positions}`]),
      ...(wholeOutputs ? [] : [`firstOutput + ${output} < ${outputs}`]),
    ];
    const store = `goal[goalAt + ${pixel * columns.phases * targetChannels} + ${output}] = s${pixel}_${part}_${turn};`;
    return conditions.length === 0 ? `  ${store}` : `  if (${conditions.join(' && ')}) { ${store} }`;
  })
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
