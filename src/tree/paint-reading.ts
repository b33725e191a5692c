/** The coupling lens on rows that read a filter: beside the rings on its copies, the input slices that go with it. */
import { cellTop, lengthOf } from './layout';
import type { Stage } from './scene';
import type { TreeRow } from './tree-model';

/** Where on its cost a row reads the filter under the pointer: the input slices that go with it. */
export function paintReading(
  context: CanvasRenderingContext2D,
  { layout, palette }: Stage,
  lit: number | null,
  row: TreeRow,
  line: number,
): void {
  if (lit === null || row.input === null || !row.input.includes(lit)) return;
  const { columns, cellHeight, barGap, barHeight, rowLength } = layout;
  const y = cellTop(layout, line) + cellHeight + barGap;
  const full = Math.round(Math.max(3, lengthOf(row, rowLength) * layout.scale));
  const width = Math.max(3, full / row.input.length);
  context.fillStyle = palette.colour.green;
  row.input.forEach((own, at) => {
    if (own === lit)
      context.fillRect(columns.left + (full * at) / (row.input?.length ?? 1), y - 1, width, barHeight + 2);
  });
}
