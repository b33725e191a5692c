/** A folded stage as one line: a cell per layer, filled as far as its filters are kept, at the mean cost of a layer. */
import { formatCount } from '../ui/format';
import { cellTop, lengthOf, type Line } from './layout';
import { font, type Moment, type Stage } from './scene';

export function paintStageLine(
  context: CanvasRenderingContext2D,
  stage: Stage,
  moment: Moment,
  line: number,
  { first, last }: Extract<Line, { kind: 'stage' }>,
): void {
  const { model, layout, palette, importance } = stage;
  const { columns, cellHeight, barGap, barHeight, rowLength } = layout;
  const count = last - first + 1;
  const top = cellTop(layout, line);
  let x = columns.left;
  let filters = 0;
  let kept = 0;
  let cost = 0;
  let before = 0;
  for (let at = first; at <= last; at += 1) {
    const row = model.rows[at];
    const left = moment.kept.rows[at];
    if (row === undefined || left === undefined) continue;
    const width = (lengthOf(row, rowLength) * layout.scale) / count;
    const gap = width > 5 ? 1.2 : width > 2.4 ? 0.7 : 0;
    const share = left.kept / Math.max(1, row.filters);
    context.fillStyle = palette.ramp[meanStop(importance?.[at]?.stops, left.cut)] ?? palette.colour.line;
    context.fillRect(x, top, (width - gap) * share, cellHeight);
    if (share < 1 && width - gap > 2) {
      context.globalAlpha = 0.66;
      context.strokeStyle = palette.colour.line2;
      context.lineWidth = 1;
      context.strokeRect(x + (width - gap) * share, top + 0.5, (width - gap) * (1 - share) - 0.5, cellHeight - 1);
      context.globalAlpha = 1;
    }
    x += width;
    filters += row.filters;
    kept += left.kept;
    cost += rowLength === 'weights' ? left.weights : left.macs;
    before += rowLength === 'weights' ? row.weights : row.macs;
  }
  const length = x - columns.left;
  context.fillStyle = palette.colour.line;
  context.fillRect(columns.left, top + cellHeight + barGap, length, barHeight);
  context.fillStyle = palette.colour.bar;
  context.fillRect(columns.left, top + cellHeight + barGap, before === 0 ? 0 : (length * cost) / before, barHeight);
  context.font = font(11);
  context.textAlign = 'right';
  context.fillStyle = kept < filters ? palette.colour.ink : palette.colour.ink3;
  context.fillText(`${kept}/${filters}`, columns.kept, top + cellHeight / 2 + 4);
  context.fillText(formatCount(cost), columns.cost, top + cellHeight / 2 + 4);
}

function meanStop(stops: Uint8Array | null | undefined, cut: Uint8Array): number {
  let sum = 0;
  let count = 0;
  stops?.forEach((stop, channel) => {
    if (cut[channel] === 1) return;
    sum += stop;
    count += 1;
  });
  return count === 0 ? 0 : Math.round(sum / count);
}
