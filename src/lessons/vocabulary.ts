/** What lessons may name: controls that can be locked, panels that can wait. */
import type { StudioActions } from '../studio/state';

/** Locked until a step unlocks them; looking at layers, undo, theme and keys always work. */
export const controls = [
  'network',
  'data',
  'method',
  'budget',
  'rules',
  'filters',
  'protect',
  'ranks',
  'training',
  'row-length',
  'run',
  'compare',
] as const;

export type Control = (typeof controls)[number];

/** Hidden until a step shows them. Tree, trade-off, inspector and strip are always there. */
export const panels = ['recipe', 'runs'] as const;

export type LessonPanel = (typeof panels)[number];

/** How a lesson says that it holds a control still. */
export const controlNames: Readonly<Record<Control, string>> = {
  network: 'the network',
  data: 'the data',
  method: 'the method',
  budget: 'the budget',
  rules: 'the rules of the cut',
  filters: 'single filters',
  protect: 'protected layers',
  ranks: 'the ranks',
  training: 'the training',
  'row-length': 'the row length',
  run: 'runs',
  compare: 'the comparison',
};

/** Gestures that a locked control refuses. */
export const gestureControls: Readonly<Partial<Record<keyof StudioActions, Control>>> = {
  openNetwork: 'network',
  openCandidate: 'network',
  openSetup: 'network',
  openDataset: 'data',
  chooseMethod: 'method',
  dragBudget: 'budget',
  releaseBudget: 'budget',
  changeRules: 'rules',
  toggleFilter: 'filters',
  keepFilters: 'filters',
  protectLayer: 'protect',
  dragRank: 'ranks',
  releaseRank: 'ranks',
  keepRanks: 'ranks',
  changeTraining: 'training',
  changeFineTune: 'training',
  startRun: 'run',
  deleteRun: 'run',
  tick: 'compare',
};
