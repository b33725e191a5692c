/**
 * How the figures of docs/results.md look, and their drawing: Vega-Lite turns a specification into SVG without a browser.
 *
 * Colours and marks are the page's own, on its light sheet, so that a figure reads alike in light and dark surroundings.
 * Methods that share the page's grey take hues of their own here, for colour-blind eyes apart in lightness as well; marks
 * and dashes tell every one a second time.
 */
import { readFileSync } from 'node:fs';
import { parse, View } from 'vega';
import { compile, type Config, type TopLevelSpec } from 'vega-lite';
import { markPath, methodStyle, type MarkShape } from '../src/ui/method-style';

const tokensFile = new URL('../src/ui/tokens.css', import.meta.url);

/** Tokens of the light theme, which stand first in the file. */
function lightTokens(): (name: string) => string {
  const text = readFileSync(tokensFile, 'utf8');
  return (name) => {
    const colour = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(text)?.[1];
    if (colour === undefined) throw new Error(`${tokensFile.pathname} has no colour "${name}".`);
    return colour;
  };
}

const token = lightTokens();

interface SeriesStyle {
  readonly colour: string;
  /** An SVG path in the square from -1 to 1. */
  readonly mark: string;
  /** Lengths of strokes and gaps; empty = a whole line. */
  readonly dash: readonly number[];
}

/** Marks are filled here, so the page's cross of two strokes becomes an area. */
const CROSS = 'M-1 -.72L-.72 -1L0 -.28L.72 -1L1 -.72L.28 0L1 .72L.72 1L0 .28L-.72 1L-1 .72L-.28 0Z';
const BAR = 'M-1.2 -.13H1.2V.13H-1.2Z';

const style = (colour: string, shape: MarkShape, dash: readonly number[] = []): SeriesStyle => ({
  colour,
  mark: shape === 'cross' ? CROSS : markPath(shape, 1),
  dash,
});

/** As the page shows the method. */
const page = (method: string, dash: readonly number[] = []): SeriesStyle => {
  const { hue, shape } = methodStyle(method);
  return style(token(hue.slice(2)), shape, dash);
};

const teal = '#00796b';
const sky = '#3d8fc4';
const pink = '#c2679c';

/** Series by the labels of rows. */
const styles: Readonly<Record<string, SeriesStyle>> = {
  'C-SGD': page('csgd'),
  Dagger: page('dagger'),
  TRP: page('trp'),
  'TRP + nuclear': style(token('csgd'), 'star'),
  'nuclear only': style(token('dagger'), 'diamond', [6, 3]),
  'TRP, spatial': page('trp'),
  'plain SVD': style(token('ink'), 'bars', [2, 2]),
  L1: style(token('ink'), 'circle'),
  L2: style(token('line2'), 'pill', [6, 3]),
  FPGM: style(token('green'), 'diamond'),
  Taylor: style(sky, 'down'),
  'BN scale': style(pink, 'square', [6, 3]),
  random: style(token('baseline'), 'cross', [2, 2]),
  'SVD, channel': style(token('trp'), 'bars', [6, 3]),
  'SVD, spatial': style(teal, 'bars'),
  'wide, then squeezed': page('csgd'),
  whole: style(token('line2'), 'plus', [6, 3]),
  'whole, trained on': page('rignet'),
  'RIGNet, kernel 1': page('rignet'),
  'RIGNet, kernel 3': style(token('gating'), 'square', [6, 3]),
  'DIGNet, kernel 1': style(teal, 'star'),
  'DIGNet, kernel 3': style(teal, 'down', [6, 3]),
  'feedback added, kernel 1': style(token('csgd'), 'hexagon'),
  'gates held at 1': style(token('baseline'), 'cross', [2, 2]),
  'corresponding stage': style(token('baseline'), 'cross', [2, 2]),
  'stage above': style(token('csgd'), 'hexagon', [6, 3]),
  'cascade (DIGNet)': style(teal, 'star'),
  'top (RIGNet)': page('rignet'),
};

/** Of networks without a line: marks alone, all in ink. */
const points: readonly MarkShape[] = ['ring', 'square', 'diamond', 'up', 'down'];

interface Roles {
  /** Series that are points without a line. */
  readonly lone: ReadonlySet<string>;
  /** The series the others are compared with: a dashed line without marks. */
  readonly reference?: string | undefined;
}

/** Scales of Vega-Lite for the look of every series: hue, mark and dash. Throws for one without a look. */
export function seriesScales(names: readonly string[], { lone, reference }: Roles) {
  let point = 0;
  const lookOf = (name: string): SeriesStyle => {
    if (name === reference) return { colour: token('line2'), mark: BAR, dash: [5, 4] };
    if (lone.has(name)) return style(token('ink2'), points[point++ % points.length] ?? 'ring');
    const look = styles[name];
    if (look === undefined) throw new Error(`Give the series "${name}" a look in scripts/figure-style.ts.`);
    return look;
  };
  const looks = names.map(lookOf);
  return {
    colour: { domain: [...names], range: looks.map(({ colour }) => colour) },
    mark: { domain: [...names], range: looks.map(({ mark }) => mark) },
    dash: { domain: [...names], range: looks.map(({ dash }) => [...dash]) },
  };
}

const config: Config = {
  background: token('sheet'),
  font: "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  padding: 14,
  view: { stroke: null },
  axis: {
    domainColor: token('line2'),
    tickColor: token('line2'),
    gridColor: token('line'),
    gridOpacity: 0.7,
    labelColor: token('ink2'),
    titleColor: token('ink'),
    labelFontSize: 12,
    titleFontSize: 12.5,
    titleFontWeight: 500,
    titlePadding: 8,
  },
  legend: {
    labelColor: token('ink'),
    labelFontSize: 12.5,
    labelLimit: 260,
    symbolSize: 110,
    symbolOpacity: 1,
    rowPadding: 5,
    title: null,
  },
  header: { labelColor: token('ink'), labelFontSize: 12.5, labelFontWeight: 600, title: null },
  text: { color: token('ink2'), fontSize: 12 },
};

/** The figure as SVG text. The same specification gives the same bytes. Throws for a specification that is none. */
export async function drawn(specification: TopLevelSpec): Promise<string> {
  const { spec } = compile(specification, { config });
  const view = new View(parse(spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
