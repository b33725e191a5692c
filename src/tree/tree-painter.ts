/**
 * Paints the tree on one canvas and keeps up with gestures by painting only what changed.
 *
 * `set` is for structure, size, colours and scores; `update` for what moves. Both paint at once: the caller decides when.
 */
import type { KeptRow, KeptTree } from './kept';
import { lineOfRow, middleOf } from './layout';
import { paintCaptions, paintLabel } from './paint-captions';
import { paintRow } from './paint-cells';
import { paintStageLine } from './paint-stage-line';
import { paintTrunk } from './paint-trunk';
import type { Moment, Stage } from './scene';

/** Room the cut mark and rings need outside the cells. */
const overhang = 7;

export class TreePainter {
  private stage: Stage | null = null;
  private moment: Moment | null = null;
  /** Device pixels per CSS pixel. */
  private ratio = 1;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
  ) {}

  /** Everything new: sizes the canvas and paints all of it. */
  set(stage: Stage, moment: Moment): void {
    const ratio = Math.max(1, devicePixelRatio);
    this.ratio = ratio;
    const { width, height } = stage.layout;
    const columns = Math.round(width * ratio);
    const rows = Math.round(height * ratio);
    if (this.canvas.width !== columns || this.canvas.height !== rows) {
      this.canvas.width = columns;
      this.canvas.height = rows;
    }
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.textBaseline = 'alphabetic';
    this.stage = stage;
    this.moment = moment;
    this.context.clearRect(0, 0, width, height);
    this.paintLeft();
    for (let line = 0; line < stage.layout.lines.length; line += 1) this.paintLine(line);
  }

  /** Paints the lines, and the trunk, that differ between the last moment and this one. */
  update(moment: Moment): void {
    const { stage, moment: before } = this;
    this.moment = moment;
    if (stage === null || before === null) return;
    if (leftDiffers(before, moment)) this.paintLeft();
    stage.layout.lines.forEach((_, line) => {
      if (this.lineDiffers(line, before, moment)) this.paintLine(line);
    });
  }

  /** Trunk, joints, labels and captions: everything left of the cells. */
  private paintLeft(): void {
    const { stage, moment, context } = this;
    if (stage === null || moment === null) return;
    const { layout } = stage;
    const edge = layout.columns.left - overhang;
    context.save();
    context.beginPath();
    context.rect(0, 0, edge + overhang, layout.height);
    context.clip();
    context.clearRect(0, 0, edge + overhang, layout.height);
    this.paintSelection();
    paintTrunk(context, stage, moment);
    layout.lines.forEach((_, line) => paintLabel(context, stage, moment, line));
    paintCaptions(context, stage, moment);
    context.restore();
  }

  private paintLine(line: number): void {
    const { stage, moment, context } = this;
    const shown = stage?.layout.lines[line];
    if (stage === null || moment === null || shown === undefined) return;
    const { layout, palette } = stage;
    const { left, right } = layout.columns;
    // Whole device pixels: a fraction would leave traces of what was there before.
    const top = this.aligned(line * layout.pitch);
    const height = this.aligned((line + 1) * layout.pitch) - top;
    context.save();
    context.beginPath();
    context.rect(left, top, layout.width - left, height);
    context.clip();
    context.clearRect(left, top, layout.width - left, height);
    this.paintSelection();
    context.fillStyle = palette.colour.line;
    context.fillRect(left, Math.round(middleOf(layout, line)) - 0.5, right - left, 1);
    if (shown.kind === 'stage') paintStageLine(context, stage, moment, line, shown);
    else paintRow(context, stage, moment, line, shown.row);
    context.restore();
  }

  private aligned(y: number): number {
    return Math.round(y * this.ratio) / this.ratio;
  }

  private paintSelection(): void {
    const { stage, moment, context } = this;
    if (stage === null || moment === null) return;
    const { layout, model, palette } = stage;
    const row = model.rows.findIndex(({ layer }) => layer === moment.selected);
    const lines = [
      { line: row < 0 ? -1 : lineOfRow(layout, row), colour: palette.colour.gsoft },
      { line: moment.active?.line ?? -1, colour: palette.colour.shade },
    ];
    for (const { line, colour } of lines.toReversed()) {
      if (line < 0) continue;
      context.fillStyle = colour;
      context.beginPath();
      context.roundRect(layout.columns.label - 44, line * layout.pitch + 0.5, layout.width, layout.pitch - 1, 2);
      context.fill();
    }
  }

  private lineDiffers(line: number, before: Moment, after: Moment): boolean {
    const shown = this.stage?.layout.lines[line];
    if (this.stage === null || shown === undefined) return false;
    if (before.byHand !== after.byHand || before.outlined !== after.outlined) return true;
    if (before.active !== after.active && (before.active?.line === line || after.active?.line === line)) return true;
    const [first, last] = shown.kind === 'stage' ? [shown.first, shown.last] : [shown.row, shown.row];
    for (let at = first; at <= last; at += 1) {
      const row = this.stage.model.rows[at];
      if (row === undefined) continue;
      if (before.selected !== after.selected && (row.layer === before.selected || row.layer === after.selected))
        return true;
      if (before.lit !== after.lit && [before.lit, after.lit].some((lit) => lit !== null && row.output.includes(lit)))
        return true;
      if (before.kept !== after.kept && rowDiffers(before.kept.rows[at], after.kept.rows[at])) return true;
    }
    return false;
  }
}

function leftDiffers(before: Moment, after: Moment): boolean {
  return (
    before.selected !== after.selected ||
    before.lit !== after.lit ||
    before.active !== after.active ||
    before.protected !== after.protected ||
    (before.kept !== after.kept && trunkDiffers(before.kept, after.kept))
  );
}

function trunkDiffers(before: KeptTree, after: KeptTree): boolean {
  return before.trunk.some((channels, index) => channels !== after.trunk[index]);
}

function rowDiffers(before: KeptRow | undefined, after: KeptRow | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  if (before.kept !== after.kept || before.macs !== after.macs) return true;
  return before.cut.some((flag, channel) => flag !== after.cut[channel]);
}
