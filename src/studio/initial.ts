/** The studio before anything was opened, and what a person's browser remembers of the view. */
import type { CutRules } from '../../workers/network/plan';
import type { LiveRun, LooksState, PreviewState, ScoringState, StudioState, Theme } from './state';
import type { RememberedView } from './view-memory';
import type { TrainStage } from '../../workers/protocol';

export const initialRules: CutRules = {
  budget: 0.5,
  allocation: 'global',
  reduction: 'mean',
  floor: 0.1,
  roundTo: 1,
  protect: [],
  keep: {},
  byHand: {},
};

/** Short enough to be watched: a person lengthens it in the recipe line. */
export const initialFineTune: TrainStage = {
  stage: 'fine-tune',
  epochs: 3,
  batchSize: 64,
  learningRate: 0.02,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  warmUp: 0,
  labelSmoothing: 0,
  augment: true,
  distillation: 0,
  temperature: 4,
};

/** Long enough for a method to have decided; methods that know better say so. */
export const initialTraining: TrainStage = { ...initialFineTune, epochs: 10 };

export const noPreview: PreviewState = { state: 'none', accuracy: null, recalibrated: null, images: 0, error: null };

export const noLooks: LooksState = {
  image: 0,
  state: 'none',
  seen: null,
  pixel: null,
  evidence: null,
  measured: null,
  error: null,
};

export const noScores: ScoringState = {
  method: 'l1',
  settings: {},
  state: 'idle',
  note: '',
  scores: null,
  spectra: null,
  normalise: 'layerMean',
  error: null,
};

export const emptyLiveRun: LiveRun = {
  progress: null,
  points: [],
  telemetry: null,
  history: [],
  proof: null,
  savedStep: null,
};

export function initialState(remembered: RememberedView, theme: Theme): StudioState {
  return {
    engine: { phase: 'starting', device: null, methods: [], shipped: [], error: null },
    network: null,
    dataset: null,
    opening: null,
    scoring: noScores,
    rules: initialRules,
    ranks: {},
    plan: null,
    preview: noPreview,
    ladder: { isOn: remembered.ladder ?? false, isBusy: false, points: [] },
    looks: noLooks,
    understanding: null,
    training: initialTraining,
    fineTune: initialFineTune,
    seed: 1,
    runs: [],
    live: {},
    activeRun: null,
    view: {
      theme,
      layer: null,
      tab: null,
      live: true,
      rowLength: remembered.rowLength ?? 'multiply-adds',
      order: remembered.order ?? 'strongest first',
      hovered: null,
      outlined: null,
      ticked: [],
      side: 'chart',
      look: null,
    },
    isDragging: false,
    lesson: null,
    notices: [],
    canUndo: false,
    canRedo: false,
  };
}
