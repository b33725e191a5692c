/** The tokens as resolved colours, for canvases: read again when the theme changes. */

const tokens = [
  'paper',
  'sheet',
  'shade',
  'line',
  'line2',
  'ink',
  'ink2',
  'ink3',
  'bar',
  'bark',
  'green',
  'on-green',
  'gsoft',
  'baseline',
  'dagger',
  'csgd',
  'trp',
  'gating',
  'brick',
] as const;

export type Token = (typeof tokens)[number];

export interface Palette {
  readonly colour: Readonly<Record<Token, string>>;
  /** Importance ramp, weakest first. */
  readonly ramp: readonly string[];
}

const stops = 9;

/** Resolved colours as `element` sees them. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const colour = Object.fromEntries(tokens.map((token) => [token, read(token)])) as Record<Token, string>;
  return { colour, ramp: Array.from({ length: stops }, (_, stop) => read(`ramp-${stop}`)) };
}

const known = new Map<string, Palette>();

/** The palette of a theme that is already on <html> (`followTheme` puts it there before anything draws). */
export function themePalette(theme: string): Palette {
  const found = known.get(theme) ?? readPalette(document.documentElement);
  known.set(theme, found);
  return found;
}

/** Stop of the ramp for an importance in [0, 1]. */
export function rampStop(importance: number): number {
  return Math.min(stops - 1, Math.max(0, Math.floor(importance * stops)));
}
