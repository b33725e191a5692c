/**
 * From the state to what the painter compares between frames. Every piece keeps its identity while its source does, so
 * that a comparison of references says what changed.
 */
import { nameInPass } from '../../workers/network/unrolled';
import type { CutRules, RemovedChannels } from '../../workers/network/plan';
import type { Telemetry } from '../../workers/protocol';
import type { Plan, StudioState } from '../studio/state';
import { gatedTree, shownGates } from './gates';
import { comparedReader } from './compared';
import { goneClasses, keptBy, keptTree, type KeptTree } from './kept';
import type { Moment, Stage } from './scene';
import type { TreeModel } from './tree-model';

/** The keyboard's place in the grid. */
export type ActiveCell = NonNullable<Moment['active']>;

export type MomentReader = (state: StudioState, active: ActiveCell | null) => Moment;

export function momentReader({ model, graph, palette }: Pick<Stage, 'model' | 'graph' | 'palette'>): MomentReader {
  const planned = remembering((plan: Plan | null): KeptTree => keptBy(model, plan));
  const gated = remembering((gates: Telemetry): KeptTree => gatedTree(model, graph, gates));
  const handBy = remembering((byHand: CutRules['byHand']): ReadonlySet<number> => handClasses(model, byHand));
  const comparedIn = comparedReader(model, palette);
  const whole = keptTree(model, {});
  const outlinedBy = remembering((removed: RemovedChannels | null) =>
    removed === null ? null : goneClasses(model, removed),
  );
  const chosenBy = remembering((layer: StudioState['view']['layer']) => {
    const name = nameInPass(layer ?? '');
    return model.rows.find((row) => nameInPass(row.layer) === name)?.layer ?? layer;
  });
  return (state, active) => {
    const { plan, rules, runs, view } = state;
    const gates = shownGates(state);
    const compared = comparedIn(state);
    return {
      kept: compared !== null ? whole : gates === null ? planned(plan) : gated(gates),
      selected: chosenBy(view.layer),
      protected: rules.protect,
      byHand: handBy(rules.byHand),
      lit: view.hovered === null ? null : (model.classesOf.get(view.hovered.layer)?.[view.hovered.channel] ?? null),
      outlined: outlinedBy(
        runs.find(({ run }) => run === view.outlined?.run)?.candidates.find(({ id }) => id === view.outlined?.candidate)
          ?.removed ?? null,
      ),
      compared,
      active,
    };
  };
}

function remembering<S, T>(make: (source: S) => T): (source: S) => T {
  let last: { readonly source: S; readonly made: T } | null = null;
  return (source) => {
    if (last === null || last.source !== source) last = { source, made: make(source) };
    return last.made;
  };
}

function handClasses(model: TreeModel, byHand: CutRules['byHand']): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [layer, { cut, keep }] of Object.entries(byHand)) {
    for (const channel of [...cut, ...keep]) {
      const own = model.classesOf.get(layer)?.[channel];
      if (own !== undefined) found.add(own);
    }
  }
  return found;
}
