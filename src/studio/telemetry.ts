/** What a method said while it trained: kept as a bounded history, and read as series of one layer. */
import { isWeighted, type Graph, type Layer, type LayerId } from '../../workers/network/graph';
import type { Telemetry, TelemetrySample } from '../../workers/protocol';
import type { LiveRun, StudioState } from './state';

/** More samples than this cannot be told apart in a chart, and their arrays add up. */
const mostSamples = 240;

/**
 * `history` with one sample more. Samples of an earlier stage go, and those a resumed run says again; a full history
 * gives up the one sample that is missed least, so that the whole training stays on the chart, evenly.
 */
export function withSample(history: readonly TelemetrySample[], sample: TelemetrySample): readonly TelemetrySample[] {
  const mine = history.filter(({ stage, step }) => stage === sample.stage && step < sample.step);
  mine.push(sample);
  if (mine.length > mostSamples) mine.splice(leastMissed(mine), 1);
  return mine;
}

/** The sample whose neighbours lie closest together; the ends stay. */
function leastMissed(history: readonly TelemetrySample[]): number {
  let [found, least] = [1, Infinity];
  for (let at = 1; at < history.length - 1; at += 1) {
    const gap = (history[at + 1]?.step ?? 0) - (history[at - 1]?.step ?? 0);
    if (gap < least) [found, least] = [at, gap];
  }
  return found;
}

export type LayerSeries = Readonly<Record<string, Float32Array>>;

/**
 * What `telemetry` says of `layer`. A method may speak of the batch norm or activation behind a layer instead, where it
 * acts: channel for channel they are the same filters.
 */
export function seriesOf(telemetry: Telemetry | null, graph: Graph, layer: LayerId): LayerSeries | null {
  const layers = telemetry?.layers;
  if (layers === undefined) return null;
  const own = layers[layer];
  if (own !== undefined) return own;
  const behind = new Set<LayerId>([layer]);
  for (const next of graph.layers) {
    if (!keepsFilters(next) || !behind.has(next.inputs[0] ?? '')) continue;
    const found = layers[next.id];
    if (found !== undefined) return found;
    behind.add(next.id);
  }
  return null;
}

function keepsFilters(layer: Layer): boolean {
  return !isWeighted(layer) && (layer.op === 'batchNorm' || layer.op === 'activation');
}

/** The run that trains, what it says, and the open network when that is what it trains. */
export function liveOf({ live, activeRun }: Pick<StudioState, 'live' | 'activeRun'>): LiveRun | null {
  return activeRun === null ? null : (live[activeRun] ?? null);
}

/** "predictedShare" as people read it: "predicted share". */
export function labelOf(key: string): string {
  return key
    .replaceAll(/[_-]+/g, ' ')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
