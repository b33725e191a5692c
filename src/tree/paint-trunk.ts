/** Trunk, knots and joints: how the rows hang together. */
import { lineOfRow, middleOf } from './layout';
import type { Moment, Stage } from './scene';
import type { TreeRow } from './tree-model';

/** Widest trunk, in pixels. */
const widest = 16;
const thinnest = 3;
/** A change of width takes these many pixels above and below the row that makes it. */
const shoulderAbove = 5;
const shoulderBelow = 7;

interface Piece {
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

/** Paints the whole trunk column; the caller has cleared it. */
export function paintTrunk(context: CanvasRenderingContext2D, stage: Stage, moment: Moment): void {
  const { model, layout, palette } = stage;
  const before = model.trunk.map(({ classes }) => classes.length);
  const most = Math.max(1, ...before);
  const pixels = (channels: number): number => Math.max(thinnest, (widest * channels) / most);

  context.lineWidth = 1;
  context.strokeStyle = palette.colour.line2;
  context.globalAlpha = 0.55;
  tracePieces(context, layout.columns.trunk, pieces(stage, before.map(pixels)));
  context.stroke();
  context.globalAlpha = 1;
  context.fillStyle = palette.colour.bark;
  tracePieces(context, layout.columns.trunk, pieces(stage, moment.kept.trunk.map(pixels)));
  context.fill();

  layout.lines.forEach((line, index) => {
    const y = middleOf(layout, index);
    if (line.kind === 'stage') {
      paintFoldedJoint(context, stage, y);
      return;
    }
    const row = model.rows[line.row];
    if (row === undefined) return;
    const channels = channelsAt(stage, moment.kept.trunk, line.row);
    const lit = moment.lit !== null && row.output.includes(moment.lit);
    paintJoint(context, stage, row, index, pixels(channels) / 2);
    if (row.tied)
      paintKnot(
        context,
        layout.columns.trunk,
        y,
        pixels(channels) / 2,
        lit ? palette.colour.green : palette.colour.bark,
      );
  });
}

/** Stretches as they are drawn: each goes on until the next begins, at the row that writes it. */
function pieces({ model, layout }: Stage, widths: readonly number[]): readonly Piece[] {
  const found: Piece[] = [];
  const middle = (row: number): number => (row < 0 ? 0 : middleOf(layout, lineOfRow(layout, row)));
  model.trunk.forEach(({ from, to }, index) => {
    const top = middle(from);
    const bottom = middle(model.trunk[index + 1]?.from ?? to);
    if (bottom > top) found.push({ top, bottom, width: widths[index] ?? thinnest });
  });
  return found;
}

function tracePieces(context: CanvasRenderingContext2D, x: number, found: readonly Piece[]): void {
  const [first] = found;
  if (first === undefined) return;
  context.beginPath();
  context.moveTo(x - first.width / 2, first.top);
  found.forEach(({ width, bottom }, index) => traceSide(context, x - width / 2, bottom, found[index + 1], x, -1));
  for (const piece of found.toReversed()) {
    const next = found[found.indexOf(piece) + 1];
    const below = next === undefined ? piece.bottom : piece.bottom - shoulderAbove;
    context.lineTo(x + piece.width / 2, below);
    context.lineTo(x + piece.width / 2, piece === first ? piece.top : piece.top + shoulderBelow);
  }
  context.closePath();
}

function traceSide(
  context: CanvasRenderingContext2D,
  edge: number,
  bottom: number,
  next: Piece | undefined,
  x: number,
  side: -1 | 1,
): void {
  context.lineTo(edge, next === undefined ? bottom : bottom - shoulderAbove);
  if (next !== undefined) context.lineTo(x + (side * next.width) / 2, bottom + shoulderBelow);
}

/** Channels on the trunk where a row touches it: before it for readers, after it for writers. */
function channelsAt({ model }: Stage, kept: readonly number[], row: number): number {
  const reads = model.rows[row]?.joint === 'leave';
  let found = kept.at(-1) ?? 0;
  for (const [index, { from, to }] of model.trunk.entries()) {
    if (from > row || to < row) continue;
    found = kept[index] ?? 0;
    if (reads) return found;
  }
  return found;
}

function paintJoint(
  context: CanvasRenderingContext2D,
  { layout, palette }: Stage,
  row: TreeRow,
  line: number,
  half: number,
): void {
  const { trunk, left } = layout.columns;
  const y = middleOf(layout, line);
  context.strokeStyle = palette.colour.bark;
  context.lineWidth = 1.6;
  context.beginPath();
  switch (row.joint) {
    case 'leave':
      context.moveTo(trunk + half, y - 6);
      context.quadraticCurveTo(trunk + half, y, trunk + half + 5, y);
      context.lineTo(left, y);
      break;
    case 'return':
      context.moveTo(left, y);
      context.lineTo(trunk + half + 4, y);
      context.quadraticCurveTo(trunk + half, y, trunk + half, y + 5);
      break;
    case 'chain':
      context.moveTo(left - 9, y - layout.pitch);
      context.lineTo(left - 9, y - 4);
      context.quadraticCurveTo(left - 9, y, left - 5, y);
      context.lineTo(left, y);
      break;
    case 'shortcut':
    case 'gate':
      context.setLineDash(row.joint === 'gate' ? [1, 3] : [2, 2]);
      context.moveTo(left, y);
      context.lineTo(trunk, y);
      break;
    case 'cross':
      context.moveTo(trunk, y);
      context.lineTo(left, y);
      break;
  }
  context.stroke();
  context.setLineDash([]);
}

/** A folded stage: a stack of branches drawn as one. */
function paintFoldedJoint(context: CanvasRenderingContext2D, { layout, palette }: Stage, y: number): void {
  const { trunk, left } = layout.columns;
  context.strokeStyle = palette.colour.bark;
  context.lineWidth = 1.2;
  context.beginPath();
  for (const offset of [-3, 0, 3]) {
    context.moveTo(trunk, y + offset);
    context.lineTo(left, y + offset);
  }
  context.stroke();
}

function paintKnot(context: CanvasRenderingContext2D, x: number, y: number, half: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.ellipse(x, y, half + 3.4, 4.6, 0, 0, 2 * Math.PI);
  context.fill();
}
