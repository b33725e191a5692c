/** Geometry of the tree: rows, columns and cells for a given size. Pure numbers; painters and hit tests share it. */
import type { RowLength } from '../studio/state';
import type { TreeModel, TreeRow } from './tree-model';

/** One line of the picture: a layer, or a folded stage. */
export type Line =
  | { readonly kind: 'layer'; readonly row: number }
  | { readonly kind: 'stage'; readonly stage: number; readonly first: number; readonly last: number };

/** x of the columns, in CSS pixels. */
export interface Columns {
  readonly stage: number;
  /** Right edge of the row labels. */
  readonly label: number;
  readonly trunk: number;
  /** Cells begin and end. */
  readonly left: number;
  readonly right: number;
  /** Right edges of the figures. */
  readonly kept: number;
  readonly cost: number;
}

export interface TreeLayout {
  readonly width: number;
  /** Of the picture; it scrolls when this exceeds the room. */
  readonly height: number;
  readonly lines: readonly Line[];
  readonly pitch: number;
  readonly cellHeight: number;
  readonly barHeight: number;
  readonly barGap: number;
  readonly columns: Columns;
  /** Pixels per unit of `rowLength`. */
  readonly scale: number;
  /** Largest row, in units of `rowLength`. */
  readonly longest: number;
  readonly rowLength: RowLength;
  /** True when there are more rows than fit unfolded. */
  readonly folds: boolean;
}

export const smallestPitch = 16;
const largestPitch = 68;
const leastRowPixels = 3;

/** What a row's length means, before any cut. */
export function lengthOf(row: TreeRow, rowLength: RowLength): number {
  if (rowLength === 'multiply-adds') return row.macs;
  return rowLength === 'weights' ? row.weights : row.filters;
}

/** `open` are the stages shown row by row when not everything fits; null = decide by room alone. */
export function treeLayout(
  model: TreeModel,
  size: { readonly width: number; readonly height: number },
  rowLength: RowLength,
  open: ReadonlySet<number>,
): TreeLayout {
  const { width, height } = size;
  const folds = model.rows.length * smallestPitch > height;
  const lines = folds ? foldedLines(model, open) : model.rows.map((_, row): Line => ({ kind: 'layer', row }));
  const pitch = Math.min(largestPitch, Math.max(smallestPitch, height / lines.length));
  const columns = columnsFor(width);
  const longest = Math.max(1, ...model.rows.map((row) => lengthOf(row, rowLength)));
  return {
    width,
    height: Math.max(pitch * lines.length, 1),
    lines,
    pitch,
    cellHeight: Math.round(Math.min(34, Math.max(10, pitch * 0.6))),
    barHeight: pitch > 30 ? 4 : 3,
    barGap: pitch > 30 ? 4 : 2,
    columns,
    scale: (columns.right - columns.left) / longest,
    longest,
    rowLength,
    folds,
  };
}

function columnsFor(width: number): Columns {
  const trunk = 138;
  return {
    stage: 0,
    label: 110,
    trunk,
    left: trunk + 27,
    right: Math.max(trunk + 60, width - 102),
    kept: width - 54,
    cost: width,
  };
}

function foldedLines(model: TreeModel, open: ReadonlySet<number>): readonly Line[] {
  const lines: Line[] = [];
  model.rows.forEach(({ stage: at }, row) => {
    const stage = at === null ? undefined : model.stages[at];
    if (at === null || stage === undefined || open.has(at)) lines.push({ kind: 'layer', row });
    else if (row === stage.first) lines.push({ kind: 'stage', stage: at, first: stage.first, last: stage.last });
  });
  return lines;
}

/** Top of a line's cells: a whole pixel, so that edges are sharp and repainting leaves no trace. */
export function cellTop(layout: TreeLayout, line: number): number {
  const used = layout.cellHeight + layout.barHeight + layout.barGap;
  return Math.round(line * layout.pitch + (layout.pitch - used) / 2);
}

/** Middle of a line's cells: where wires and joints run. */
export function middleOf(layout: TreeLayout, line: number): number {
  return cellTop(layout, line) + layout.cellHeight / 2;
}

/** Pixels of one cell of a row, its gap included. */
export function cellPitch(layout: TreeLayout, row: TreeRow): number {
  return Math.max(leastRowPixels, lengthOf(row, layout.rowLength) * layout.scale) / Math.max(1, row.filters);
}

/** Narrow cells stand closer; under 2.4 px they merge into a strip. */
export function cellGap(pitch: number): number {
  if (pitch > 14) return 2;
  if (pitch > 5) return 1.2;
  return pitch > 2.4 ? 0.7 : 0;
}

/** Line under y, or null below the last. */
export function lineAt(layout: TreeLayout, y: number): number | null {
  const line = Math.floor(y / layout.pitch);
  return line >= 0 && line < layout.lines.length ? line : null;
}

/** Position of the cell under x in a row, or null outside its cells. */
export function positionAt(layout: TreeLayout, row: TreeRow, x: number): number | null {
  const position = Math.floor((x - layout.columns.left) / cellPitch(layout, row));
  return position >= 0 && position < row.filters ? position : null;
}

/** Line that shows a row: its own, or its folded stage's. */
export function lineOfRow(layout: TreeLayout, row: number): number {
  return layout.lines.findIndex((line) =>
    line.kind === 'layer' ? line.row === row : row >= line.first && row <= line.last,
  );
}
