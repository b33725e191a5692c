/** One cue rod: a curved bar whose class shows at one spot only, near one end. Lengths in pixels. */
import type { Random } from '../../linalg/random';
import { direction } from '../shapes/paint';

export interface Rod {
  /** From the left and top edge of the picture; the middle of pixel (0, 0) is (0.5, 0.5). */
  readonly centre: readonly [number, number];
  /** Unit vector along the rod, towards the cue. */
  readonly axis: readonly [number, number];
  readonly length: number;
  readonly halfWidth: number;
  /** Bend: the middle line is `v = bend * u^2`, `u` along the axis from the centre, `v` across it. */
  readonly bend: number;
  readonly cue: readonly [number, number];
}

/** Distance of the cue from the rod's end. */
const CUE_INSET = 2;

/** A rod anywhere in a picture of 32 x 32 pixels times `scale`. */
export function randomRod(random: Random, scale: number): Rod {
  const centre = [scale * random.uniform(6, 26), scale * random.uniform(6, 26)] as const;
  const axis = direction(random);
  const length = scale * random.uniform(18, 26);
  const halfWidth = scale * random.uniform(2.2, 3.2);
  const bend = random.uniform(-0.02, 0.02) / scale;
  const along = length / 2 - CUE_INSET * scale;
  const across = bend * along * along;
  const cue = [centre[0] + along * axis[0] - across * axis[1], centre[1] + along * axis[1] + across * axis[0]] as const;
  return { centre, axis, length, halfWidth, bend, cue };
}

/** Whether the middle of pixel `(x, y)` lies on the rod. */
export function covers({ centre, axis, length, halfWidth, bend }: Rod, x: number, y: number): boolean {
  const dx = x + 0.5 - centre[0];
  const dy = y + 0.5 - centre[1];
  const along = dx * axis[0] + dy * axis[1];
  const across = dy * axis[0] - dx * axis[1] - bend * along * along;
  return Math.abs(along) <= length / 2 && Math.abs(across) <= halfWidth;
}

/** From the middle of pixel `(x, y)` to a point. */
export function distanceTo(point: readonly [number, number], x: number, y: number): number {
  const dx = x + 0.5 - point[0];
  const dy = y + 0.5 - point[1];
  return Math.sqrt(dx * dx + dy * dy);
}
