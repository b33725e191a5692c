/** The Pareto front of measured points: those that no cheaper point equals or beats. */

import type { Placed } from '../studio/accuracy-curve';

/** The points nobody beats, cheapest first, so that accuracy rises along the list. */
export function paretoFront<P extends Placed>(points: readonly P[]): readonly P[] {
  const byCost = [...points].sort((a, b) => a.x - b.x || b.y - a.y);
  const front: P[] = [];
  let best = -Infinity;
  for (const point of byCost) {
    if (point.y <= best) continue;
    best = point.y;
    front.push(point);
  }
  return front;
}

/**
 * Corners of the staircase through a front: level until the next point, then straight up to it, and level to `end`.
 * Fewer than two points have no staircase.
 */
export function staircase(front: readonly Placed[], end: number): readonly Placed[] {
  const last = front.at(-1);
  if (front.length < 2 || last === undefined) return [];
  const corners: Placed[] = [];
  for (const [at, point] of front.entries()) {
    const before = front[at - 1];
    if (before !== undefined) corners.push({ x: point.x, y: before.y });
    corners.push({ x: point.x, y: point.y });
  }
  if (end > last.x) corners.push({ x: end, y: last.y });
  return corners;
}
