/** What a method is to the page: scored at once, truncated by, or trained with first. */
import type { MethodDeclaration, SettingValues, TrainStage } from '../../workers/protocol';
import { hasCascade } from '../../workers/network/unrolled';
import { initialFineTune, initialTraining } from './initial';
import { looksOf } from './looking';
import type { OpenedNetwork, StudioState } from './state';

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

/** Makes nothing smaller: it trains a network that spends its compute differently. */
export function keepsAll(method: MethodDeclaration | null): boolean {
  return method?.reduces === 'nothing';
}

/** Methods for networks that look again, by where the feedback comes from: the cascade is DIGNet's, the top RIGNet's. */
const gating = { cascade: 'dignet', top: 'rignet' } as const;

/** The methods that fit `network`: those that gate need a network that looks again. */
export function fittingMethods(
  methods: readonly MethodDeclaration[],
  network: Pick<OpenedNetwork, 'view'> | null,
): readonly MethodDeclaration[] {
  const own = network === null ? null : gating[hasCascade(network.view.graph) ? 'cascade' : 'top'];
  return methods.filter(({ id, family }) => family !== 'gating' || (id === own && looksOf(network) > 1));
}

/** What a person finds chosen with `network` open: `chosen` where it fits; a network that looks again is trained first. */
export function methodFor(
  methods: readonly MethodDeclaration[],
  network: Pick<OpenedNetwork, 'view'>,
  chosen: string,
): string {
  const fitting = fittingMethods(methods, network);
  const own = fitting.find(({ family }) => family === 'gating') ?? fitting.find(({ id }) => id === chosen);
  return own?.id ?? fitting[0]?.id ?? chosen;
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
  const { fineTune: _fineTune, ...usual } = training;
  return { ...initialTraining, ...usual };
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
