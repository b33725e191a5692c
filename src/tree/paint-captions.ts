/** The words at the left of the tree: stages, what is tied in them, and row labels. */
import { font, type Moment, type Stage } from './scene';
import { middleOf } from './layout';
import type { TreeStage } from './tree-model';

const longestLabel = 66;

export function paintLabel(context: CanvasRenderingContext2D, stage: Stage, moment: Moment, line: number): void {
  const { layout, model, palette } = stage;
  const shown = layout.lines[line];
  if (shown === undefined) return;
  const y = middleOf(layout, line) + 4;
  context.textAlign = 'right';
  if (shown.kind === 'stage') {
    context.font = font(11);
    context.fillStyle = palette.colour.ink3;
    context.fillText(`${shown.last - shown.first + 1} layers`, layout.columns.label, y);
    return;
  }
  const row = model.rows[shown.row];
  if (row === undefined) return;
  const selected = row.layer === moment.selected;
  context.font = font(11.5, selected ? 600 : 400);
  context.fillStyle = selected ? palette.colour.ink : palette.colour.ink2;
  context.fillText(shortened(context, row.label), layout.columns.label, y);
  if (moment.protected.includes(row.layer)) paintProtection(context, stage, line);
}

/** A bar before the cells: this layer loses nothing. */
function paintProtection(context: CanvasRenderingContext2D, { layout, palette }: Stage, line: number): void {
  context.fillStyle = palette.colour.green;
  const height = layout.cellHeight + 4;
  context.fillRect(layout.columns.left - 5, middleOf(layout, line) - height / 2, 2.5, height);
}

/** The end of a long id says more than its beginning. */
function shortened(context: CanvasRenderingContext2D, label: string): string {
  if (context.measureText(label).width <= longestLabel) return label;
  for (let start = 1; start < label.length; start += 1) {
    const end = `…${label.slice(start)}`;
    if (context.measureText(end).width <= longestLabel) return end;
  }
  return '…';
}

/** Paints the caption of every stage; the caller has cleared the column. */
export function paintCaptions(context: CanvasRenderingContext2D, stage: Stage, moment: Moment): void {
  stage.model.stages.forEach((_, index) => paintCaption(context, stage, moment, index));
}

function paintCaption(context: CanvasRenderingContext2D, stage: Stage, moment: Moment, index: number): void {
  const { model, layout, palette } = stage;
  const own = model.stages[index];
  const lines = layout.lines.flatMap((line, at) => {
    const row = line.kind === 'stage' ? line.first : line.row;
    return model.rows[row]?.stage === index ? [at] : [];
  });
  const [first] = lines;
  if (own === undefined || first === undefined) return;
  const room = lines.length * layout.pitch;
  const y = middleOf(layout, first) + 4;
  const folded = layout.lines[first]?.kind === 'stage';
  context.textAlign = 'left';
  context.font = font(12, 600);
  context.fillStyle = palette.colour.ink;
  context.fillText(own.title, 0, y);
  if (layout.folds) paintCaret(context, palette.colour.ink3, context.measureText(own.title).width + 8, y - 4, folded);
  context.font = font(11);
  context.fillStyle = palette.colour.ink3;
  if (room > 34) context.fillText(own.size, 0, y + 15);
  if (room > 48) paintTied(context, stage, moment, own, y);
}

function paintTied(
  context: CanvasRenderingContext2D,
  { model, palette }: Stage,
  moment: Moment,
  own: TreeStage,
  y: number,
): void {
  const row = own.stream === null ? undefined : model.rows[own.stream];
  const kept = own.stream === null ? undefined : moment.kept.rows[own.stream];
  if (row === undefined || kept === undefined) return;
  context.fillStyle = palette.colour.bark;
  context.beginPath();
  context.arc(4, y + 27, 4, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = palette.colour.ink2;
  context.fillText(`${kept.kept}/${row.filters} tied`, 12, y + 31);
}

function paintCaret(context: CanvasRenderingContext2D, colour: string, x: number, y: number, folded: boolean): void {
  context.fillStyle = colour;
  context.beginPath();
  if (folded) {
    context.moveTo(x, y - 4);
    context.lineTo(x + 5, y);
    context.lineTo(x, y + 4);
  } else {
    context.moveTo(x - 1, y - 2);
    context.lineTo(x + 6, y - 2);
    context.lineTo(x + 2.5, y + 3);
  }
  context.fill();
}
