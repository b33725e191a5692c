/** A run in whose training a method acts, and what it might say: for tests of the strip, the tabs and the tree. */
import { isWeighted, type Graph } from '../../workers/network/graph';
import { inferShapes } from '../../workers/network/shapes';
import type { RunEvent, RunSummary, Telemetry } from '../../workers/protocol';
import { fixtureNormal, fixtureSpectra } from './fixture-scores';
import { initialTraining } from './initial';
import { sampleRun } from './run-sample';
import type { LayerSeries } from './telemetry';

const EPOCHS = 30;
const STEPS = 2340;

/** A run whose first stage trains with `method`; then prune, recalibrate. */
export function trainingRun(method: string, settings: Readonly<Record<string, number>> = {}): RunSummary {
  const run = sampleRun({ run: 'live', method, state: 'running', started: 9 });
  const [, ...after] = run.recipe.stages;
  const acting = { ...initialTraining, epochs: EPOCHS, method, settings: { ...settings } };
  return { ...run, recipe: { ...run.recipe, stages: [acting, ...after.slice(0, 2)] } };
}

/** What the worker says at `share` of the training. */
export function trainingEvents(share: number, telemetry: Telemetry): readonly RunEvent[] {
  const step = Math.round(share * STEPS);
  const progress = {
    stage: 0,
    stageName: 'fine-tune' as const,
    note: `epoch ${Math.floor(share * EPOCHS) + 1} of ${EPOCHS}`,
    done: step,
    total: STEPS,
    imagesPerSecond: 410,
    multiplyAddsPerSecond: 2.4e10,
    secondsLeft: (1 - share) * 900,
  };
  return [
    { run: 'live', event: 'progress', progress },
    { run: 'live', event: 'telemetry', stage: 0, step, total: STEPS, telemetry },
  ];
}

type Speak = (filters: number, normal: () => number) => LayerSeries;

function everyLayer(graph: Graph, speak: Speak): Record<string, LayerSeries> {
  const shapes = inferShapes(graph);
  const layers = graph.layers.filter((layer) => isWeighted(layer) && layer.op !== 'dense');
  return Object.fromEntries(
    layers.map(({ id }, at) => [id, speak(shapes.get(id)?.at(-1) ?? 0, fixtureNormal(at + 3))]),
  );
}

/** Gates that begin half open and part ways: about three of five stay. */
export function gateTelemetry(graph: Graph, share: number): Telemetry {
  const layers = everyLayer(graph, (filters, normal) => {
    const gate = Float32Array.from({ length: filters }, () => {
      const stays = normal() > -0.25;
      const begin = 0.7 + 0.06 * normal();
      const when = 0.3 + 0.15 * normal();
      const parted = 1 / (1 + Math.exp(-14 * (share - when)));
      return Math.min(1, Math.max(0, begin + ((stays ? 0.97 : 0.01) - begin) * parted));
    });
    return { gate, open: gate.map((value) => Number(value >= 0.5)) };
  });
  return {
    values: { predictedShare: 0.85 - 0.3 * share, targetShare: 0.5, accuracyIfCutNow: 0.6 + 0.3 * share },
    layers,
  };
}

/** Filters in clusters of one to three that draw together, some faster than others. */
export function clusterTelemetry(graph: Graph, share: number): Telemetry {
  const layers = everyLayer(graph, (filters, normal) => {
    const cluster = Float32Array.from({ length: filters }, (_, filter) =>
      filter % 5 === 4 ? filter - 1 : filter % 7 === 6 ? filter - 2 : filter,
    );
    const middles = Array.from({ length: filters }, () => [normal(), normal()] as const);
    const speed = Array.from({ length: filters }, () => 5 + Math.abs(normal()));
    const apart = (filter: number): number => 10 ** (-0.3 - (speed[cluster[filter] ?? 0] ?? 5) * share);
    const members = Array.from(cluster);
    const isAlone = (filter: number): boolean => members.filter((index) => index === cluster[filter]).length === 1;
    const place = (axis: 0 | 1): Float32Array =>
      Float32Array.from({ length: filters }, (_, filter) => {
        const at = middles[cluster[filter] ?? 0]?.[axis] ?? 0;
        return at + (isAlone(filter) ? 0 : apart(filter) * normal());
      });
    return {
      cluster,
      // A cluster is numbered by its first filter, which stays.
      stays: cluster.map((own, filter) => (own === filter ? 1 : 0)),
      distance: Float32Array.from({ length: filters }, (_, filter) => (isAlone(filter) ? 0 : apart(filter))),
      x: place(0),
      y: place(1),
    };
  });
  return { values: { chi: 20 * 10 ** (-5 * share), largestDistance: 10 ** (-0.3 - 5 * share) }, layers };
}

/** Spectra that steepen: energy moves into the first directions. */
export function spectrumTelemetry(graph: Graph, share: number): Telemetry {
  const { kernels } = fixtureSpectra(graph, 'channel');
  const layers = Object.fromEntries(
    kernels.map(({ layers: users, values }) => {
      const spectrum = values.map((value, at) => value * Math.exp((-3 * share * at) / values.length));
      const rank = Math.max(1, Math.round(values.length * (0.8 - 0.45 * share)));
      const series = { spectrum, before: values, rank: Float32Array.of(rank), breakEven: Float32Array.of(rank + 9) };
      return [users[0] ?? '', series];
    }),
  );
  return { values: { energyKept: 0.95, nuclearNorm: 12.5 - 4 * share, shareIfFactored: 0.9 - 0.4 * share }, layers };
}
