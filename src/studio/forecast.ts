/** How long the present recipe would train, from speeds this browser has measured. */
import type { DatasetView, TrainStage } from '../../workers/protocol';
import { presentMethod, trainsFirst } from './methods';
import type { StudioState } from './state';

/** Forward and backward together cost about three forward passes. */
const passesPerStep = 3;

/** Training images one epoch of `stage` reads. */
export function imagesPerEpoch(
  { counts }: Pick<DatasetView, 'counts'>,
  { imagesPerEpoch: most = counts.train }: Pick<TrainStage, 'imagesPerEpoch'>,
): number {
  return Math.min(counts.train, most);
}

/**
 * Seconds of training, or null until a run in this browser, on this device, has measured its speed.
 * Reference runs were measured elsewhere and say nothing about this machine.
 */
export function forecastSeconds(
  state: Pick<
    StudioState,
    'dataset' | 'network' | 'scoring' | 'training' | 'fineTune' | 'plan' | 'runs' | 'live' | 'engine'
  >,
): number | null {
  const { dataset, training, fineTune, plan, network } = state;
  const speed = measuredSpeed(state);
  if (dataset === null || speed === null || plan === null || network === null) return null;
  const images = (stage: TrainStage): number => stage.epochs * imagesPerEpoch(dataset, stage);
  // A method that trains first does so on the whole network.
  const whole = trainsFirst(presentMethod(state)) ? images(training) * network.macs : 0;
  return (passesPerStep * (whole + images(fineTune) * plan.macs)) / speed;
}

/**
 * Multiply-adds per second, three times the forward ones, of the newest training in this browser on the present kind of
 * device; null before the first.
 */
export function measuredSpeed({ runs, live, engine }: Pick<StudioState, 'runs' | 'live' | 'engine'>): number | null {
  const kind = engine.device?.kind;
  const here = runs.filter(({ origin }) => origin === 'here').sort((first, second) => second.started - first.started);
  for (const run of here) {
    const running = live[run.run]?.progress?.multiplyAddsPerSecond;
    if (running !== undefined && running !== null) return running;
    const { result } = run;
    if (result === null || result.multiplyAddsPerSecond === null) continue;
    if (kind === undefined || result.device.toLowerCase().startsWith(kind)) return result.multiplyAddsPerSecond;
  }
  return null;
}
