/** A layer's filters projected to two dimensions: members of one cluster are joined to their middle. */
import type { LayerSeries } from '../studio/telemetry';
import type { Surface } from '../ui/drawing';
import type { Cluster } from './clusters';

/** Nearer than this, in pixels, a filter is pointed at. */
const REACH = 10;
const MARGIN = 7;

export interface Place {
  readonly x: number;
  readonly y: number;
}

export function paintScatter(
  surface: Surface,
  places: readonly Place[],
  clusters: readonly Cluster[],
  shown: Cluster | null,
  colour: string,
): void {
  const { context, palette } = surface;
  for (const cluster of clusters) {
    const members = cluster.filters.flatMap((filter) => places[filter] ?? []);
    const isAlone = members.length < 2;
    const isShown = cluster === shown;
    const middle = {
      x: members.reduce((sum, { x }) => sum + x, 0) / members.length,
      y: members.reduce((sum, { y }) => sum + y, 0) / members.length,
    };
    context.globalAlpha = isShown ? 1 : 0.6;
    context.strokeStyle = isAlone ? palette.colour.line2 : colour;
    context.fillStyle = isAlone ? palette.colour.line2 : colour;
    context.lineWidth = isShown ? 1.6 : 0.9;
    for (const { x, y } of members) {
      if (!isAlone) {
        context.beginPath();
        context.moveTo(middle.x, middle.y);
        context.lineTo(x, y);
        context.stroke();
      }
      context.beginPath();
      context.arc(x, y, isShown ? 3.2 : 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

/** The filter nearest to a place, if near enough. */
export function filterAt(places: readonly Place[], { x, y }: Place): number | null {
  let [best, least] = [-1, REACH];
  places.forEach((place, filter) => {
    const distance = Math.hypot(place.x - x, place.y - y);
    if (distance < least) [best, least] = [filter, distance];
  });
  return best < 0 ? null : best;
}

/** The same scale on both axes: distances are what is looked at. */
export function placesOf(series: LayerSeries, width: number, height: number): readonly Place[] {
  const xs = series['x'] ?? new Float32Array();
  const ys = series['y'] ?? new Float32Array();
  const middleOf = (values: Float32Array): number => (Math.max(...values) + Math.min(...values)) / 2;
  const spanOf = (values: Float32Array): number => Math.max(...values) - Math.min(...values);
  const scale = Math.min((width - 2 * MARGIN) / (spanOf(xs) || 1), (height - 2 * MARGIN) / (spanOf(ys) || 1));
  const [centreX, centreY] = [middleOf(xs), middleOf(ys)];
  return Array.from(xs, (x, filter) => ({
    x: width / 2 + (x - centreX) * scale,
    y: height / 2 - ((ys[filter] ?? 0) - centreY) * scale,
  }));
}
