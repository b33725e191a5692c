/** What a method is to the page: scored at once, truncated by, or trained with first. */
import type { MethodDeclaration, SettingValues, TrainStage } from '../../workers/protocol';
import { initialFineTune, initialTraining } from './initial';
import type { StudioState } from './state';

/** Importances by this one foreshadow the cut of a method that decides only while it trains. */
export const standIn = { id: 'l1', short: 'L1' } as const;

/** The chosen method; null before the worker has named its own. */
export function presentMethod({ engine, scoring }: Pick<StudioState, 'engine' | 'scoring'>): MethodDeclaration | null {
  return engine.methods.find(({ id }) => id === scoring.method) ?? null;
}

/** Acts while the network trains, and decides the cut or the ranks after that. */
export function trainsFirst(method: MethodDeclaration | null): boolean {
  return method?.needs === 'training';
}

export function truncates(method: MethodDeclaration | null): boolean {
  return method?.reduces === 'ranks';
}

/** The declared defaults of a method's settings. */
export function defaultSettings(method: MethodDeclaration | null | undefined): SettingValues {
  return Object.fromEntries(Object.entries(method?.settings ?? {}).map(([name, setting]) => [name, setting.default]));
}

/** The training of `method` as a person finds it. */
export function usualTraining(method: MethodDeclaration | null): TrainStage {
  const { training } = method ?? {};
  if (training === undefined) return initialTraining;
  return { ...initialTraining, epochs: training.epochs, learningRate: training.learningRate };
}

/** A fine-tune whose length nobody touched follows the method: what loses nothing at the cut needs none. */
export function fineTuneFor(
  present: TrainStage,
  before: MethodDeclaration | null,
  next: MethodDeclaration | null,
): TrainStage {
  const usual = (method: MethodDeclaration | null): number => method?.training?.fineTune ?? initialFineTune.epochs;
  return present.epochs === usual(before) ? { ...present, epochs: usual(next) } : present;
}
