/** A row's cells, cut mark and outlines, and its cost. Hollow means gone. */
import { formatCount } from '../ui/format';
import { cellOpacity } from './fade';
import type { RowImportance } from './importance';
import type { KeptRow, KeptTree } from './kept';
import { cellGap, cellPitch, cellTop, lengthOf, type TreeLayout } from './layout';
import { paintCompared } from './paint-compared';
import { paintReading } from './paint-reading';
import { font, type Moment, type Stage } from './scene';
import type { TreeRow } from './tree-model';

/** Narrower cells share one hollow outline. */
const sharedOutlineUnder = 7.5;
const stripUnder = 2.4;

interface RowGeometry {
  readonly left: number;
  readonly top: number;
  readonly height: number;
  /** One cell with its gap. */
  readonly pitch: number;
  readonly gap: number;
  readonly radius: number;
}

/** Where a change from an earlier cut stands. */
interface Fading {
  readonly from: KeptTree;
  /** 0 to 1. */
  readonly share: number;
}

export function paintRow(
  context: CanvasRenderingContext2D,
  stage: Stage,
  moment: Moment,
  line: number,
  at: number,
  fading?: Fading,
): void {
  const { layout, model, importance } = stage;
  const row = model.rows[at];
  const kept = moment.kept.rows[at];
  if (row === undefined || kept === undefined) return;
  const geometry = geometryOf(layout, row, line);
  const own = importance?.[at] ?? null;
  const order = own?.order ?? null;
  const isCut = (position: number): boolean => kept.cut[order?.[position] ?? position] === 1;
  const classAt = (position: number): number => row.output[order?.[position] ?? position] ?? -1;
  const before = fading?.from.rows[at];
  // Paler under the strokes of a comparison.
  const strongest = moment.compared === null ? 1 : 0.4;
  const opacity = (position: number): number =>
    strongest * cellOpacity(kept, before, order?.[position] ?? position, fading?.share ?? 1);
  paintCells(context, stage, row, geometry, own, opacity);
  paintTip(context, stage, row, geometry, isCut);
  paintByHand(context, stage, moment, row, geometry, isCut, classAt);
  if (order !== null)
    paintCutMark(
      context,
      stage,
      row,
      geometry,
      (position) => isCut(position) || moment.byHand.has(classAt(position)),
      isCut,
    );
  if (moment.compared !== null) {
    const { filters } = row;
    paintCompared(context, geometry, { compared: moment.compared, filters, classAt });
  }
  paintRings(context, stage, moment, row, geometry, line, classAt);
}

/** What a row costs: the bar under its cells and the figures at its end. The caller has cleared behind the figures. */
export function paintCost(
  context: CanvasRenderingContext2D,
  stage: Stage,
  moment: Moment,
  line: number,
  at: number,
): void {
  const row = stage.model.rows[at];
  const kept = moment.kept.rows[at];
  if (row === undefined || kept === undefined) return;
  paintBar(context, stage, row, kept, line);
  paintReading(context, stage, moment.lit, row, line);
  paintFigures(context, stage, row, kept, line);
}

function geometryOf(layout: TreeLayout, row: TreeRow, line: number): RowGeometry {
  const pitch = cellPitch(layout, row);
  return {
    left: layout.columns.left,
    top: cellTop(layout, line),
    height: layout.cellHeight,
    pitch,
    gap: cellGap(pitch),
    radius: pitch > 6 ? 2 : 0,
  };
}

function paintCells(
  context: CanvasRenderingContext2D,
  { palette }: Stage,
  row: TreeRow,
  geometry: RowGeometry,
  importance: RowImportance | null,
  opacity: (position: number) => number,
): void {
  const { left, top, height, pitch, gap, radius } = geometry;
  const width = pitch <= stripUnder ? pitch + 0.3 : pitch - gap;
  for (let position = 0; position < row.filters; position += 1) {
    context.globalAlpha = opacity(position);
    if (context.globalAlpha === 0) continue;
    const channel = importance?.order[position] ?? position;
    const stop = importance?.stops?.[channel];
    context.fillStyle = stop === undefined ? palette.colour.line : (palette.ramp[stop] ?? palette.colour.line);
    const x = left + position * pitch;
    if (radius === 0) context.fillRect(x, top, width, height);
    else fillRound(context, x, top, width, height, radius);
  }
  context.globalAlpha = 1;
}

/** The hollow cells. */
function paintTip(
  context: CanvasRenderingContext2D,
  { palette }: Stage,
  row: TreeRow,
  geometry: RowGeometry,
  isCut: (position: number) => boolean,
): void {
  for (let first = 0; first < row.filters; first += 1) {
    if (!isCut(first)) continue;
    let end = first + 1;
    while (end < row.filters && isCut(end)) end += 1;
    paintHollow(context, palette.colour.line2, geometry, first, end);
    first = end - 1;
  }
}

/** The cells from `first` up to `end`: one outline each, or one for all where they are narrow. */
function paintHollow(
  context: CanvasRenderingContext2D,
  colour: string,
  { left, top, height, pitch, gap, radius }: RowGeometry,
  first: number,
  end: number,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.globalAlpha = 0.66;
  if (pitch >= sharedOutlineUnder) {
    for (let position = first; position < end; position += 1) {
      strokeRound(context, left + position * pitch + 0.5, top + 0.5, pitch - gap - 1, height - 1, radius);
    }
  } else {
    const width = Math.max(1, (end - first) * pitch - gap - 1);
    strokeRound(context, left + first * pitch + 0.5, top + 0.5, width, height - 1, radius);
    if (pitch > stripUnder) {
      context.globalAlpha = 0.32;
      context.lineWidth = 0.8;
      context.beginPath();
      for (let position = first + 1; position < end; position += 1) {
        const x = left + position * pitch - gap / 2;
        context.moveTo(x, top + 1);
        context.lineTo(x, top + height - 1);
      }
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

/** A dot on every filter a person decided. */
function paintByHand(
  context: CanvasRenderingContext2D,
  { palette }: Stage,
  { byHand }: Moment,
  row: TreeRow,
  { left, top, height, pitch, gap }: RowGeometry,
  isCut: (position: number) => boolean,
  classAt: (position: number) => number,
): void {
  if (byHand.size === 0) return;
  for (let position = 0; position < row.filters; position += 1) {
    if (!byHand.has(classAt(position))) continue;
    context.fillStyle = isCut(position) ? palette.colour.ink : palette.colour.paper;
    context.beginPath();
    context.arc(
      left + position * pitch + (pitch - gap) / 2,
      top + height / 2,
      Math.min(2, pitch / 2.5),
      0,
      2 * Math.PI,
    );
    context.fill();
  }
}

/** The stroke through the row where the cut tip begins; filters decided by hand stand on either side of it. */
function paintCutMark(
  context: CanvasRenderingContext2D,
  { palette }: Stage,
  row: TreeRow,
  { left, top, height, pitch, gap }: RowGeometry,
  belongsToTip: (position: number) => boolean,
  isCut: (position: number) => boolean,
): void {
  let start = row.filters;
  while (start > 0 && belongsToTip(start - 1)) start -= 1;
  while (start < row.filters && !isCut(start)) start += 1;
  if (start === row.filters) return;
  const x = left + start * pitch - gap / 2;
  context.strokeStyle = palette.colour.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x - 3, top + height + 2.5);
  context.lineTo(x + 3, top - 2.5);
  context.stroke();
}

/** Rings in green: copies of the filter under the pointer, another candidate's cut, the keyboard's cell. */
function paintRings(
  context: CanvasRenderingContext2D,
  { palette }: Stage,
  { lit, outlined, active }: Moment,
  row: TreeRow,
  { left, top, height, pitch, gap, radius }: RowGeometry,
  line: number,
  classAt: (position: number) => number,
): void {
  const focus = active?.line === line ? active.position : null;
  if (lit === null && outlined === null && focus === null) return;
  context.strokeStyle = palette.colour.green;
  for (let position = 0; position < row.filters; position += 1) {
    const own = classAt(position);
    const x = left + position * pitch;
    if (outlined?.[own] === 1) {
      context.lineWidth = 1;
      strokeRound(context, x + 1.5, top + 2.5, Math.max(0.5, pitch - gap - 3), height - 5, radius);
    }
    if (own === lit || position === focus) {
      context.lineWidth = 2;
      strokeRound(context, x - 1, top - 1, pitch - gap + 2, height + 2, radius + 1);
    }
  }
}

function paintBar(
  context: CanvasRenderingContext2D,
  { layout, palette }: Stage,
  row: TreeRow,
  kept: KeptRow,
  line: number,
): void {
  const { columns, cellHeight, barGap, barHeight, rowLength } = layout;
  const y = cellTop(layout, line) + cellHeight + barGap;
  const full = Math.round(Math.max(3, lengthOf(row, rowLength) * layout.scale));
  context.fillStyle = palette.colour.line;
  context.fillRect(columns.left, y, full, barHeight);
  context.fillStyle = palette.colour.bar;
  context.fillRect(columns.left, y, full * leftShare(row, kept, layout), barHeight);
}

/** The bar under a row of filters still shows compute: that is what the cut is for. */
function leftShare(row: TreeRow, kept: KeptRow, { rowLength }: TreeLayout): number {
  if (rowLength === 'weights') return row.weights === 0 ? 0 : kept.weights / row.weights;
  return row.macs === 0 ? 0 : kept.macs / row.macs;
}

function paintFigures(
  context: CanvasRenderingContext2D,
  { layout, palette }: Stage,
  row: TreeRow,
  kept: KeptRow,
  line: number,
): void {
  const { columns, cellHeight, rowLength } = layout;
  const y = cellTop(layout, line) + cellHeight / 2 + 4;
  const cost = rowLength === 'weights' ? kept.weights : kept.macs;
  const changed = kept.macs < row.macs;
  context.font = font(11);
  context.textAlign = 'right';
  context.fillStyle = kept.kept < row.filters ? palette.colour.ink : palette.colour.ink3;
  context.fillText(row.locked === null ? `${kept.kept}/${row.filters}` : `${row.filters}`, columns.kept, y);
  context.fillStyle = changed ? palette.colour.ink : palette.colour.ink3;
  context.fillText(formatCount(cost), columns.cost, y);
}

function fillRound(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

function strokeRound(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void {
  context.beginPath();
  context.roundRect(x, y, Math.max(0.5, width), Math.max(0.5, height), radius);
  context.stroke();
}
