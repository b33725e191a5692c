/**
 * Paints the tree on one canvas and keeps up with gestures by painting only what changed.
 *
 * `set` is for structure, size, colours and scores; `update` for what moves. Both paint at once: the caller decides when.
 */
import { fadeShare, type Fade } from './fade';
import type { KeptRow, KeptTree } from './kept';
import { lineOfRow, middleOf } from './layout';
import { paintCaptions, paintLabel } from './paint-captions';
import { paintCost, paintRow } from './paint-cells';
import { paintStageLine } from './paint-stage-line';
import { paintTrunk } from './paint-trunk';
import type { Moment, Stage } from './scene';
import type { TreeRow } from './tree-model';

/** Room the cut mark and rings need outside the cells. */
const overhang = 7;

export class TreePainter {
  private stage: Stage | null = null;
  private moment: Moment | null = null;
  private fade: Fade | null = null;
  /** Of the paint under way, on the clock of animation frames. */
  private now = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context: CanvasRenderingContext2D,
    /** Device pixels per CSS pixel. */
    private readonly ratio = Math.max(1, devicePixelRatio),
  ) {}

  /** Everything new: sizes the canvas and paints all of it. */
  set(stage: Stage, moment: Moment): void {
    this.fade = null;
    const { ratio } = this;
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

  /**
   * Paints the lines, and the trunk, that differ between the last moment and this one. With `fadeAt`, the time on the
   * clock of animation frames, cells fade to what they have become: true while they still do, and want another frame.
   */
  update(moment: Moment, fadeAt?: number): boolean {
    const { stage, moment: before } = this;
    this.moment = moment;
    if (stage === null || before === null) return false;
    const unfinished = this.fade;
    if (before.kept !== moment.kept) {
      this.fade = fadeAt === undefined ? null : { from: before.kept, began: fadeAt };
    }
    this.now = fadeAt ?? Infinity;
    if (leftDiffers(before, moment)) this.paintLeft();
    stage.layout.lines.forEach((_, line) => {
      const difference = this.differenceAt(line, before, moment);
      const fades = [unfinished, this.fade].some((fade) => fade !== null && this.cellsDiffer(line, fade.from));
      if (difference === 'all' || fades) this.paintLine(line);
      else if (difference === 'cost') this.paintCostOf(line);
    });
    if (this.fade !== null && fadeShare(this.fade, this.now) === 1) this.fade = null;
    return this.fade !== null;
  }

  /** Whether the cells of this line are not those of `other`. */
  private cellsDiffer(line: number, other: KeptTree): boolean {
    const shown = this.stage?.layout.lines[line];
    if (shown?.kind !== 'layer') return false;
    const [was, is] = [other.rows[shown.row]?.cut, this.moment?.kept.rows[shown.row]?.cut];
    return was !== is && was?.some((flag, channel) => flag !== is?.[channel]) === true;
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
    else {
      const { fade } = this;
      const fading = fade === null ? undefined : { from: fade.from, share: fadeShare(fade, this.now) };
      paintRow(context, stage, moment, line, shown.row, fading);
      paintCost(context, stage, moment, line, shown.row);
    }
    context.restore();
  }

  /** Inputs lost upstream change what a row costs, and nothing of its cells. */
  private paintCostOf(line: number): void {
    const { stage, moment, context } = this;
    const shown = stage?.layout.lines[line];
    if (stage === null || moment === null || shown?.kind !== 'layer') return;
    const { layout } = stage;
    const { left, right } = layout.columns;
    const top = this.aligned(line * layout.pitch);
    const height = this.aligned((line + 1) * layout.pitch) - top;
    const figures = right + 3;
    context.save();
    context.beginPath();
    context.rect(figures, top, layout.width - figures, height);
    context.clip();
    context.clearRect(figures, top, layout.width - figures, height);
    this.paintSelection();
    context.restore();
    context.save();
    context.beginPath();
    context.rect(left, top, layout.width - left, height);
    context.clip();
    paintCost(context, stage, moment, line, shown.row);
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

  private differenceAt(line: number, before: Moment, after: Moment): Difference {
    const shown = this.stage?.layout.lines[line];
    if (this.stage === null || shown === undefined) return 'none';
    if (before.byHand !== after.byHand || before.outlined !== after.outlined || before.compared !== after.compared)
      return 'all';
    if (before.active !== after.active && (before.active?.line === line || after.active?.line === line)) return 'all';
    const [first, last] = shown.kind === 'stage' ? [shown.first, shown.last] : [shown.row, shown.row];
    let found: Difference = 'none';
    for (let at = first; at <= last; at += 1) {
      const row = this.stage.model.rows[at];
      if (row === undefined) continue;
      const own = rowDifference(row, before.kept.rows[at], after.kept.rows[at], before, after);
      if (own === 'all' || (own === 'cost' && shown.kind === 'stage')) return 'all';
      if (own === 'cost') found = 'cost';
    }
    return found;
  }
}

/** What of a line has to be painted again. */
type Difference = 'none' | 'cost' | 'all';

function rowDifference(
  row: TreeRow,
  old: KeptRow | undefined,
  present: KeptRow | undefined,
  before: Moment,
  after: Moment,
): Difference {
  if (before.selected !== after.selected && (row.layer === before.selected || row.layer === after.selected))
    return 'all';
  const lit = [before.lit, after.lit];
  if (
    before.lit !== after.lit &&
    lit.some((own) => own !== null && (row.output.includes(own) || row.input?.includes(own) === true))
  )
    return 'all';
  if (before.kept === after.kept) return 'none';
  if (old === undefined || present === undefined || old.kept !== present.kept) return 'all';
  if (old.cut.some((flag, channel) => flag !== present.cut[channel])) return 'all';
  return old.macs === present.macs ? 'none' : 'cost';
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
