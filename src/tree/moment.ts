/**
 * From the state to what the painter compares between frames. Every piece keeps its identity while its source does, so
 * that a comparison of references says what changed.
 */
import type { CutPlan, CutRules } from '../../workers/network/plan';
import type { StudioState } from '../studio/state';
import { goneClasses, keptTree, type KeptTree } from './kept';
import type { Moment } from './scene';
import type { TreeModel } from './tree-model';

/** The keyboard's place in the grid. */
export type ActiveCell = NonNullable<Moment['active']>;

export type MomentReader = (state: StudioState, active: ActiveCell | null) => Moment;

export function momentReader(model: TreeModel): MomentReader {
  const keptBy = remembering((plan: CutPlan | null): KeptTree => keptTree(model, plan?.removed ?? {}));
  const handBy = remembering((byHand: CutRules['byHand']): ReadonlySet<number> => handClasses(model, byHand));
  const outlinedBy = remembering((removed: CutPlan['removed'] | null) =>
    removed === null ? null : goneClasses(model, removed),
  );
  return ({ plan, rules, runs, view }, active) => ({
    kept: keptBy(plan),
    selected: view.layer,
    protected: rules.protect,
    byHand: handBy(rules.byHand),
    lit: view.hovered === null ? null : (model.classesOf.get(view.hovered.layer)?.[view.hovered.channel] ?? null),
    outlined: outlinedBy(
      runs.find(({ run }) => run === view.outlined?.run)?.candidates.find(({ id }) => id === view.outlined?.candidate)
        ?.removed ?? null,
    ),
    active,
  });
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
