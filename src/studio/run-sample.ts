/** Runs for tests: a recipe of score, prune, recalibrate, fine-tune, and the candidates it leaves. */
import { initialFineTune, initialRules } from './initial';
import { cutStage } from './run-recipe';
import type { Candidate, Recipe, RunResult, RunState, RunSummary } from '../../workers/protocol';

export interface RunSample {
  readonly run?: string;
  readonly method?: string;
  readonly budget?: number;
  /** Shares of 1; null = not measured. */
  readonly original?: number | null;
  readonly cut?: number | null;
  readonly recalibrated?: number | null;
  readonly final?: number | null;
  readonly share?: number;
  readonly state?: RunState;
  readonly origin?: RunSummary['origin'];
  readonly started?: number;
  readonly epochs?: number;
  readonly seconds?: number;
  readonly network?: Recipe['network'];
  readonly data?: Recipe['data'];
  readonly split?: Candidate['split'];
}

export const SAMPLE_NETWORK = { source: 'shipped', id: 'resnet20-shapes10' } as const;
export const SAMPLE_DATA = { source: 'shapes10' } as const;

const MACS = 40_813_184;
const PARAMETERS = 272_474;

/** A run as the worker would report it. Kinds whose accuracy is undefined are left out. */
export function sampleRun(sample: RunSample = {}): RunSummary {
  const { run = 'run-1', method = 'taylor', budget = 0.5, share = budget - 0.005, state = 'finished' } = sample;
  const { split = 'validation', epochs = 20, origin = 'here', original = 0.968 } = sample;
  const recipe: Recipe = {
    version: 1,
    name: `${method} at ${budget}`,
    seed: 1,
    network: sample.network ?? SAMPLE_NETWORK,
    data: sample.data ?? SAMPLE_DATA,
    measureOn: split,
    stages: [
      { stage: 'score', method, settings: {} },
      cutStage({ ...initialRules, budget }),
      { stage: 'recalibrate', images: 1024 },
      { ...initialFineTune, epochs },
    ],
  };
  const kinds = [
    ['original', 'score', original],
    ['cut', 'prune', sample.cut],
    ['recalibrated', 'recalibrate', sample.recalibrated],
    ['final', 'fine-tune', sample.final],
  ] as const;
  const candidates = kinds.flatMap(([kind, stage, accuracy]): Candidate[] => {
    if (accuracy === undefined) return [];
    const kept = kind === 'original' ? 1 : share;
    return [
      {
        id: kind,
        run,
        stage,
        kind,
        macs: Math.round(MACS * kept),
        parameters: Math.round(PARAMETERS * kept),
        share: kept,
        accuracy,
        split,
        images: 1000,
        stored: kind === 'final',
      },
    ];
  });
  return {
    run,
    name: recipe.name,
    recipe,
    state,
    started: sample.started ?? 0,
    candidates,
    result: sample.seconds === undefined ? null : result(sample.seconds, share, sample, split),
    error: null,
    origin,
  };
}

function result(seconds: number, share: number, sample: RunSample, split: Candidate['split']): RunResult {
  return {
    device: 'WASM, 2 threads',
    seconds,
    seed: 1,
    split,
    images: 1000,
    macs: { original: MACS, kept: Math.round(MACS * share), share },
    parameters: { original: PARAMETERS, kept: Math.round(PARAMETERS * share) },
    accuracy: {
      original: sample.original === undefined ? 0.968 : sample.original,
      cut: sample.cut ?? null,
      recalibrated: sample.recalibrated ?? null,
      final: sample.final ?? null,
    },
    proof: { maxAbsLogitDifference: 1.2e-6 },
    imagesPerSecond: 400,
    multiplyAddsPerSecond: 2.4e10,
    trainingSteps: 2500,
    testUses: 0,
    method: sample.method ?? 'taylor',
    notes: [],
  };
}
