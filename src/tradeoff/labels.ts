/** Where names can stand beside their points: greedy, in order of importance; what would collide drops out. */

export type Anchor = 'start' | 'middle' | 'end';

export interface LabelRequest {
  readonly id: string;
  readonly text: string;
  /** The point's place in pixels. */
  readonly x: number;
  readonly y: number;
}

export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: Anchor;
}

/** In pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Mean advance of a character of the 11 px interface font. */
const CHARACTER = 5.8;
const ASCENT = 10;
const DESCENT = 3;

/** In order of liking: the staircase climbs to the right, so the space up and to the left of a corner is free. */
const PLACES: readonly { readonly dx: number; readonly dy: number; readonly anchor: Anchor }[] = [
  { dx: -8, dy: -4, anchor: 'end' },
  { dx: 0, dy: -10, anchor: 'middle' },
  { dx: 8, dy: -6, anchor: 'start' },
  { dx: 9, dy: 12, anchor: 'start' },
  { dx: -9, dy: 13, anchor: 'end' },
];

/**
 * Places the labels inside `bounds`, clear of `obstacles` and of each other; earlier requests choose first.
 * Labels that find no room are absent from the result.
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  obstacles: readonly Box[],
  bounds: Box,
): ReadonlyMap<string, PlacedLabel> {
  const taken: Box[] = [...obstacles];
  const placed = new Map<string, PlacedLabel>();
  for (const request of requests) {
    for (const place of PLACES) {
      const x = request.x + place.dx;
      const y = request.y + place.dy;
      const box = textBox(request.text, x, y, place.anchor);
      if (!inside(box, bounds) || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      placed.set(request.id, { text: request.text, x, y, anchor: place.anchor });
      break;
    }
  }
  return placed;
}

/** The square a mark of this radius covers. */
export function markBox(x: number, y: number, radius: number): Box {
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
}

/** The rectangle a text on the baseline `y` covers. */
export function textBox(text: string, x: number, y: number, anchor: Anchor): Box {
  const width = text.length * CHARACTER;
  const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
  return { left, top: y - ASCENT, right: left + width, bottom: y + DESCENT };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

function inside(box: Box, bounds: Box): boolean {
  return box.left >= bounds.left && box.right <= bounds.right && box.top >= bounds.top && box.bottom <= bounds.bottom;
}
