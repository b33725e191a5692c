/**
 * How a method looks and is called in small: shape first, hue second, so that the points can be told apart in any vision.
 *
 * Pure data and geometry; `method-mark.tsx` draws it.
 */

import type { Token } from './palette';

export type MarkShape =
  | 'circle'
  | 'pill'
  | 'diamond'
  | 'down'
  | 'square'
  | 'cross'
  | 'bars'
  | 'up'
  | 'hexagon'
  | 'wedge'
  | 'plus'
  | 'star'
  | 'ring';

const TONES = {
  '--baseline': 'baseline',
  '--dagger': 'dagger',
  '--csgd': 'csgd',
  '--trp': 'trp',
  '--gating': 'gating',
  '--ink': 'ink',
} as const satisfies Readonly<Record<`--${string}`, Token>>;

type Hue = keyof typeof TONES;

export interface MethodStyle {
  /** In tables and sentences: "L1 norm". */
  readonly title: string;
  /** In keys and labels on the chart: "L1". */
  readonly short: string;
  readonly shape: MarkShape;
  /** A colour token of `tokens.css`. */
  readonly hue: Hue;
}

const BASELINE = '--baseline';

const STYLES: Readonly<Record<string, MethodStyle>> = {
  l1: { title: 'L1 norm', short: 'L1', shape: 'circle', hue: BASELINE },
  l2: { title: 'L2 norm', short: 'L2', shape: 'pill', hue: BASELINE },
  fpgm: { title: 'FPGM', short: 'FPGM', shape: 'diamond', hue: BASELINE },
  taylor: { title: 'Taylor', short: 'Taylor', shape: 'down', hue: BASELINE },
  activation: { title: 'Mean activation', short: 'Activation', shape: 'plus', hue: BASELINE },
  'bn-scale': { title: 'BN scale', short: 'BN', shape: 'square', hue: BASELINE },
  random: { title: 'Random', short: 'Random', shape: 'cross', hue: BASELINE },
  svd: { title: 'SVD', short: 'SVD', shape: 'bars', hue: BASELINE },
  dagger: { title: 'Dagger', short: 'Dagger', shape: 'up', hue: '--dagger' },
  csgd: { title: 'C-SGD', short: 'C-SGD', shape: 'hexagon', hue: '--csgd' },
  trp: { title: 'TRP', short: 'TRP', shape: 'wedge', hue: '--trp' },
  rignet: { title: 'RIGNet', short: 'RIGNet', shape: 'plus', hue: '--gating' },
  dignet: { title: 'DIGNet', short: 'DIGNet', shape: 'star', hue: '--gating' },
};

/** The network before any cut. */
export const ORIGINAL_STYLE: MethodStyle = { title: 'Original', short: 'Original', shape: 'ring', hue: '--ink' };

/** Style of a method by its id; `null` = no method changed the network. An unknown method is a circle of its own name. */
export function methodStyle(method: string | null): MethodStyle {
  if (method === null) return ORIGINAL_STYLE;
  return STYLES[method] ?? { title: method, short: method, shape: 'circle', hue: BASELINE };
}

/** The method's hue by its name among resolved colours, for canvases. */
export function methodTone(method: string | null): Token {
  return TONES[methodStyle(method).hue];
}

/** The same for thin strokes over cells: baselines in ink, which their grey would not reach. */
export function laneTone(method: string | null): Token {
  const tone = methodTone(method);
  return tone === 'baseline' ? 'ink' : tone;
}

/** The methods' order in keys: baselines first, then published ones, as listed above; unknown ones last. */
export function methodOrder(method: string): number {
  const at = Object.keys(STYLES).indexOf(method);
  return at < 0 ? Object.keys(STYLES).length : at;
}

type Corner = readonly [number, number];

const POLYGONS: Partial<Record<MarkShape, readonly Corner[]>> = {
  diamond: [
    [0, -1.15],
    [1.15, 0],
    [0, 1.15],
    [-1.15, 0],
  ],
  down: [
    [-1.1, -0.85],
    [1.1, -0.85],
    [0, 1.1],
  ],
  up: [
    [0, -1.25],
    [1.05, 0.85],
    [-1.05, 0.85],
  ],
  square: [
    [-0.88, -0.88],
    [0.88, -0.88],
    [0.88, 0.88],
    [-0.88, 0.88],
  ],
  wedge: [
    [-1, -1.1],
    [-1, 0.9],
    [1.25, 0.9],
  ],
  hexagon: Array.from({ length: 6 }, (_, corner): Corner => polar(1.1, (corner * Math.PI) / 3)),
  star: Array.from({ length: 10 }, (_, corner): Corner =>
    polar(corner % 2 === 0 ? 1.3 : 0.55, (corner * Math.PI) / 5 - Math.PI / 2),
  ),
};

/** Shapes made of strokes cannot be filled or hollow; they are drawn heavier and thinner instead. */
export function isStroked(shape: MarkShape): boolean {
  return shape === 'cross';
}

/** SVG path data of a mark centred on the origin; `radius` in pixels is about half its height. */
export function markPath(shape: MarkShape, radius: number): string {
  const corners = POLYGONS[shape];
  if (corners !== undefined) return polygon(corners, radius);
  switch (shape) {
    case 'pill':
      return pill(radius * 1.2, radius * 0.6);
    case 'cross':
      return strokes(
        [
          [-0.75, -0.75, 0.75, 0.75],
          [0.75, -0.75, -0.75, 0.75],
        ],
        radius,
      );
    case 'bars':
      // Two layers in the place of one: what a truncation leaves.
      return rectangle(-1, -1, -0.2, 1, radius) + rectangle(0.2, -1, 1, 1, radius);
    case 'plus':
      return polygon(PLUS, radius);
    default:
      return circle(radius * (shape === 'ring' ? 0.8 : 0.88));
  }
}

const PLUS: readonly Corner[] = [
  [-0.4, -1.1],
  [0.4, -1.1],
  [0.4, -0.4],
  [1.1, -0.4],
  [1.1, 0.4],
  [0.4, 0.4],
  [0.4, 1.1],
  [-0.4, 1.1],
  [-0.4, 0.4],
  [-1.1, 0.4],
  [-1.1, -0.4],
  [-0.4, -0.4],
];

function polar(radius: number, angle: number): Corner {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function polygon(corners: readonly Corner[], radius: number): string {
  return `M${corners.map(([x, y]) => `${round(x * radius)} ${round(y * radius)}`).join('L')}Z`;
}

function rectangle(left: number, top: number, right: number, bottom: number, radius: number): string {
  return polygon(
    [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ],
    radius,
  );
}

function strokes(lines: readonly (readonly [number, number, number, number])[], radius: number): string {
  return lines
    .map(
      ([x1, y1, x2, y2]) => `M${round(x1 * radius)} ${round(y1 * radius)}L${round(x2 * radius)} ${round(y2 * radius)}`,
    )
    .join('');
}

function circle(radius: number): string {
  const r = round(radius);
  return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
}

function pill(halfWidth: number, halfHeight: number): string {
  const x = round(halfWidth - halfHeight);
  const r = round(halfHeight);
  return `M${-x} ${-r}H${x}A${r} ${r} 0 0 1 ${x} ${r}H${-x}A${r} ${r} 0 0 1 ${-x} ${-r}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
