/**
 * The ten classes of Shapes-10 as signed distances: negative inside, positive outside, in units of the shape's radius.
 *
 * Every outline is its own mirror image, so a horizontal flip keeps the label. Only + - * / and square roots are used:
 * IEEE 754 rounds these alike everywhere, which sine and exponential do not, so all machines draw the same bytes.
 */

/** Signed distance of the point (`x`, `y`) from the outline. */
export type Outline = (x: number, y: number) => number;

/** Class names in label order. */
export const shapeNames = [
  'disc',
  'ring',
  'square',
  'triangle',
  'pentagon',
  'star',
  'cross',
  'crescent',
  'heart',
  'arrow',
] as const;

const length = (x: number, y: number): number => Math.sqrt(x * x + y * y);

/** Corners `x0, y0, x1, y1, ...` in order around the polygon. Distance to the nearest edge, sign by crossing parity. */
function polygon(corners: readonly number[]): Outline {
  const count = corners.length / 2;
  const at = Float64Array.from([...corners, ...corners.slice(0, 2)]);
  return (x, y) => {
    let nearest = Infinity;
    let inside = false;
    for (let edge = 0; edge < count; edge++) {
      const fromX = at[2 * edge] ?? 0;
      const fromY = at[2 * edge + 1] ?? 0;
      const edgeX = (at[2 * edge + 2] ?? 0) - fromX;
      const edgeY = (at[2 * edge + 3] ?? 0) - fromY;
      const px = x - fromX;
      const py = y - fromY;
      const along = Math.min(1, Math.max(0, (px * edgeX + py * edgeY) / (edgeX * edgeX + edgeY * edgeY)));
      const missX = px - along * edgeX;
      const missY = py - along * edgeY;
      nearest = Math.min(nearest, missX * missX + missY * missY);
      if (py < 0 !== py - edgeY < 0 && px * edgeY < py * edgeX === edgeY > 0) inside = !inside;
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  };
}

/** Mirrors corners given for x >= 0, from top to bottom, to the whole symmetric polygon. */
function mirrored(right: readonly (readonly [number, number])[]): Outline {
  const left = right.filter(([x]) => x > 0).toReversed();
  return polygon([...right, ...left.map(([x, y]) => [-x, y] as const)].flat());
}

/** A disc bitten by another one. */
function crescent(x: number, y: number): number {
  return Math.max(length(x, y) - 1, 0.78 - length(x, y + 0.52));
}

/** Two half discs on the upper sides of a square that stands on its corner; after I. Quilez, "2D distance functions". */
function heart(x: number, y: number): number {
  const scale = 1.75;
  const side = Math.abs(x) / scale;
  const up = 0.56 - y / scale;
  if (side + up > 1) return (length(side - 0.25, up - 0.75) - 0.35355) * scale;
  const diagonal = 0.5 * Math.max(side + up, 0);
  const miss = Math.min(length(side, up - 1), length(side - diagonal, up - diagonal));
  return (side > up ? miss : -miss) * scale;
}

const outlines: Readonly<Record<(typeof shapeNames)[number], Outline>> = {
  disc: (x, y) => length(x, y) - 0.86,
  ring: (x, y) => Math.abs(length(x, y) - 0.7) - 0.25,
  square: mirrored([
    [0.74, -0.74],
    [0.74, 0.74],
  ]),
  triangle: mirrored([
    [0, -1.12],
    [0.97, 0.56],
  ]),
  pentagon: mirrored([
    [0, -0.96],
    [0.913, -0.2967],
    [0.5643, 0.7767],
  ]),
  star: mirrored([
    [0, -1.12],
    [0.2807, -0.3863],
    [1.0652, -0.3461],
    [0.4542, 0.1476],
    [0.6583, 0.9061],
    [0, 0.4776],
  ]),
  cross: mirrored([
    [0.3, -0.98],
    [0.3, -0.3],
    [0.98, -0.3],
    [0.98, 0.3],
    [0.3, 0.3],
    [0.3, 0.98],
  ]),
  crescent,
  heart,
  arrow: mirrored([
    [0, -1.1],
    [0.88, -0.12],
    [0.32, -0.12],
    [0.32, 0.98],
  ]),
};

/** The outline of class `label`. Throws `RangeError` when there is no such class. */
export function outlineOf(label: number): Outline {
  const name = shapeNames[label];
  if (name === undefined) throw new RangeError(`Shapes-10 has labels 0 to ${shapeNames.length - 1}, not ${label}.`);
  return outlines[name];
}
