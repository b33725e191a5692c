/** The spectrum of a layer over the energy its ranks keep: one x axis, so that one handle goes through both. */
import type { Surface } from '../ui/drawing';
import type { Token } from '../ui/palette';
import { rampStop } from '../ui/palette';
import type { RankView } from './rank-view';

export interface RankFrame {
  readonly left: number;
  readonly right: number;
  /** Of the bars. */
  readonly top: number;
  readonly middle: number;
  /** Of the energy curve. */
  readonly energyTop: number;
  readonly bottom: number;
  readonly full: number;
}

const ROOM = { left: 36, right: 10, top: 20, between: 36, below: 32 } as const;

export function rankFrame(width: number, height: number, full: number): RankFrame {
  const room = Math.max(40, height - ROOM.top - ROOM.between - ROOM.below);
  const middle = ROOM.top + Math.round(room * 0.62);
  return {
    left: ROOM.left,
    right: Math.max(ROOM.left + 20, width - ROOM.right),
    top: ROOM.top,
    middle,
    energyTop: middle + ROOM.between,
    bottom: ROOM.top + room + ROOM.between,
    full,
  };
}

/** x of the edge behind `rank` directions. */
export function xOfRank({ left, right, full }: RankFrame, rank: number): number {
  return left + (rank / full) * (right - left);
}

/** The rank whose edge is nearest. */
export function rankAtX({ left, right, full }: RankFrame, x: number): number {
  return Math.min(full, Math.max(1, Math.round(((x - left) / (right - left)) * full)));
}

export function yOfEnergy({ energyTop, bottom }: RankFrame, kept: number): number {
  return bottom - kept * (bottom - energyTop);
}

export function paintRanks(surface: Surface, frame: RankFrame, view: RankView, tone: Token, beforeTitle: string): void {
  paintGround(surface, frame, view);
  paintSpectrum(surface, frame, view, beforeTitle);
  paintEnergy(surface, frame, view, tone);
  paintAxis(surface, frame, view);
}

function paintGround({ context, palette: { colour } }: Surface, frame: RankFrame, { rank }: RankView): void {
  const { left, right, top, middle, bottom } = frame;
  const edge = xOfRank(frame, rank);
  context.fillStyle = colour.shade;
  context.fillRect(edge, top, right - edge, bottom - top);
  context.fillStyle = colour.ink3;
  context.textAlign = 'left';
  context.fillText('singular values', 0, 10);
  context.fillText('energy kept, %', 0, frame.energyTop - 9);
  context.textAlign = 'right';
  context.strokeStyle = colour.line;
  context.lineWidth = 1;
  for (const tick of [0, 0.5, 1]) {
    const y = middle - tick * (middle - top - 6);
    level(context, left, right, y);
    context.fillText(String(tick), left - 6, y + 4);
    const energy = yOfEnergy(frame, tick);
    level(context, left, right, energy);
    context.fillText(String(tick * 100), left - 6, energy + 4);
  }
}

function paintSpectrum(
  { context, palette: { colour, ramp } }: Surface,
  frame: RankFrame,
  { values, before, rank }: RankView,
  beforeTitle: string,
): void {
  const { left, right, top, middle, full } = frame;
  const largest = Math.max(values[0] ?? 0, before?.[0] ?? 0) || 1;
  const heightOf = (value: number): number => (value / largest) * (middle - top - 6);
  const pitch = (right - left) / full;
  context.lineWidth = 0.9;
  context.strokeStyle = colour.line2;
  values.forEach((value, at) => {
    const x = left + (at + 0.18) * pitch;
    const width = pitch * 0.64;
    const height = heightOf(value);
    if (at < rank) {
      context.fillStyle = ramp[rampStop(0.25 + 0.75 * Math.sqrt(value / largest))] ?? colour.bar;
      context.fillRect(x, middle - height, width, height);
    } else {
      context.strokeRect(x + 0.4, middle - height, Math.max(0.5, width - 0.8), Math.max(0.6, height));
    }
  });
  context.strokeStyle = colour.line2;
  level(context, left, right, middle);
  if (before === null) return;
  context.strokeStyle = colour.ink3;
  context.lineWidth = 1.3;
  context.setLineDash([4, 3]);
  context.beginPath();
  before.forEach((value, at) => context.lineTo(left + (at + 0.5) * pitch, middle - heightOf(value)));
  context.stroke();
  context.setLineDash([]);
  const named = Math.round(before.length * 0.62);
  context.textAlign = 'left';
  context.lineWidth = 3;
  context.strokeStyle = named >= rank ? colour.shade : colour.paper;
  context.fillStyle = colour.ink2;
  const [x, y] = [left + named * pitch, middle - heightOf(before[named] ?? 0) - 8];
  context.strokeText(beforeTitle, x, y);
  context.fillText(beforeTitle, x, y);
}

function paintEnergy(
  { context, palette: { colour } }: Surface,
  frame: RankFrame,
  { energy, rank }: RankView,
  tone: Token,
): void {
  context.strokeStyle = colour[tone];
  context.lineWidth = 2;
  context.beginPath();
  energy.forEach((kept, at) => context.lineTo(xOfRank(frame, at), yOfEnergy(frame, kept)));
  context.stroke();
  const y = yOfEnergy(frame, energy[rank] ?? 1);
  context.strokeStyle = colour.green;
  context.lineWidth = 1.2;
  context.setLineDash([3, 2]);
  level(context, frame.left, xOfRank(frame, rank), y);
  context.setLineDash([]);
}

/** Ranks under the energy, and the rank from which a pair saves nothing under the spectrum. */
function paintAxis({ context, palette: { colour } }: Surface, frame: RankFrame, { breakEven }: RankView): void {
  const { left, right, middle, bottom, full } = frame;
  context.fillStyle = colour.ink3;
  context.textAlign = 'center';
  const step = [1, 2, 4, 8, 16, 32, 64, 128].find((width) => full / width <= 5) ?? 256;
  for (let rank = step; rank <= full; rank += step) {
    const x = xOfRank(frame, rank);
    context.fillText(String(rank), Math.min(x, right - 4), bottom + 15);
  }
  context.textAlign = 'right';
  context.fillText('rank', right, bottom + 29);
  const x = xOfRank(frame, Math.min(breakEven, full));
  context.fillStyle = colour.ink;
  context.fillRect(x - 0.7, middle - 4, 1.4, 9);
  context.fillStyle = colour.ink3;
  const text = breakEven === 0 ? 'no rank saves anything' : `break-even ${breakEven}`;
  const width = context.measureText(text).width;
  context.textAlign = 'left';
  context.fillText(text, Math.min(Math.max(left, x - width / 2), right - width), middle + 16);
}

function level(context: CanvasRenderingContext2D, x1: number, x2: number, y: number): void {
  context.beginPath();
  context.moveTo(x1, Math.round(y) + 0.5);
  context.lineTo(x2, Math.round(y) + 0.5);
  context.stroke();
}
