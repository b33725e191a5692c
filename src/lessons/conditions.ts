/**
 * Target states: what a step waits for, as data, and the functions that look whether it is there.
 *
 * Each condition is an object with one key. To add one: a line in `conditions` and a case of its test.
 */
import * as v from 'valibot';
import { allocations } from '../studio/allocations';
import { isAbout, methodOf, targetOf, trainingAfterCut } from '../studio/run-facts';
import type { StudioState } from '../studio/state';
import { formatBudget } from '../tradeoff/budget-view';
import { formatAccuracy } from '../ui/format';

const layer = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

function within<S extends v.GenericSchema<number, number>>(value: S) {
  return v.pipe(
    v.strictObject({ from: v.optional(value), to: v.optional(value) }),
    v.check(({ from, to }) => from !== undefined || to !== undefined, 'expected "from", "to" or both'),
  );
}

interface Span {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

function lies(value: number | null | undefined, { from = -Infinity, to = Infinity }: Span): boolean {
  // What people set in whole per cent is stored in binary fractions.
  const slack = 1e-9;
  return value !== null && value !== undefined && value >= from - slack && value <= to + slack;
}

const RunSchema = v.strictObject({
  method: v.optional(v.string()),
  /** What the run was asked to keep. */
  budget: v.optional(within(share)),
  /** Whether it trained after the cut. */
  fineTuned: v.optional(v.boolean()),
});

/** What is asked for, whether it is there, and where the studio stands meanwhile (null = nothing worth saying). */
interface Rule<S extends v.GenericSchema> {
  readonly schema: S;
  readonly met: (wanted: v.InferOutput<S>, state: StudioState) => boolean;
  readonly now: (wanted: v.InferOutput<S>, state: StudioState) => string | null;
}

const rule = <S extends v.GenericSchema>(made: Rule<S>): Rule<S> => made;

const conditions = {
  budget: rule({
    schema: within(share),
    met: (span, { rules, preview }) => lies(rules.budget, span) && preview.state === 'measured',
    now: (_, { rules }) => `You are at ${formatBudget(rules.budget)}`,
  }),
  layer: rule({
    schema: layer,
    met: (id, { view }) => view.layer === id,
    now: () => null,
  }),
  rowLength: rule({
    schema: v.picklist(['multiply-adds', 'weights', 'filters']),
    met: (wanted, { view }) => view.rowLength === wanted,
    now: (_, { view }) => `Rows show ${view.rowLength}`,
  }),
  tab: rule({
    schema: v.picklist(['filters', 'gates', 'clusters', 'ranks']),
    met: (wanted, { view }) => view.tab === wanted,
    now: () => null,
  }),
  method: rule({
    schema: v.string(),
    met: (wanted, { scoring, preview }) =>
      scoring.method === wanted && scoring.state === 'ready' && preview.state === 'measured',
    now: (_, { scoring, engine }) =>
      `The method is ${engine.methods.find(({ id }) => id === scoring.method)?.title ?? scoring.method}`,
  }),
  accuracy: rule({
    schema: within(share),
    met: (span, { preview }) => preview.state === 'measured' && lies(preview.accuracy, span),
    now: (_, { preview }) =>
      preview.accuracy === null ? null : `Right after the cut: ${formatAccuracy(preview.accuracy)}`,
  }),
  allocation: rule({
    schema: v.picklist(['global', 'uniform', 'sensitivity']),
    met: (wanted, { rules }) => rules.allocation === wanted,
    now: (_, { rules }) => `It cuts ${allocations.find(({ value }) => value === rules.allocation)?.label}`,
  }),
  cutFilters: rule({
    schema: v.strictObject({ layer, ...within(count).entries }),
    met: (wanted, { plan }) => lies(plan?.removed[wanted.layer]?.length ?? 0, wanted),
    now: (wanted, { plan }) => `${plan?.removed[wanted.layer]?.length ?? 0} filters of it are cut`,
  }),
  byHand: rule({
    schema: v.strictObject({ layer, ...within(count).entries }),
    met: (wanted, { rules }) => lies(rules.byHand[wanted.layer]?.cut.length ?? 0, wanted),
    now: () => null,
  }),
  protected: rule({
    schema: layer,
    met: (id, { rules }) => rules.protect.includes(id),
    now: () => null,
  }),
  rank: rule({
    schema: v.strictObject({ layer, ...within(count).entries }),
    met: (wanted, { plan }) => lies(plan?.truncation?.ranks[wanted.layer], wanted),
    now: (wanted, { plan }) => {
      const rank = plan?.truncation?.ranks[wanted.layer];
      return rank === undefined ? null : `Its rank is ${rank}`;
    },
  }),
  run: rule({
    schema: RunSchema,
    met: (wanted, state) => matchingRuns(wanted, state).some(({ state: now }) => now === 'finished'),
    now: (wanted, state) => {
      const live = matchingRuns(wanted, state).find(({ run }) => run === state.activeRun);
      return live === undefined ? null : `${live.name}: ${state.live[live.run]?.progress?.note ?? live.state}`;
    },
  }),
  compared: rule({
    schema: v.pipe(count, v.minValue(2), v.maxValue(4)),
    met: (wanted, { view }) => view.ticked.length >= wanted,
    now: (_, { view }) => `${view.ticked.length} ticked`,
  }),
} as const;

function matchingRuns(wanted: v.InferOutput<typeof RunSchema>, { runs, network, dataset }: StudioState) {
  if (network === null) return [];
  return runs.filter((run) => {
    if (run.origin === 'reference' || !isAbout(run, network.view, dataset)) return false;
    const tuned = trainingAfterCut(run.recipe).some(({ epochs }) => epochs > 0);
    return (
      (wanted.method === undefined || methodOf(run.recipe) === wanted.method) &&
      (wanted.budget === undefined || lies(targetOf(run.recipe), wanted.budget)) &&
      (wanted.fineTuned === undefined || tuned === wanted.fineTuned)
    );
  });
}

const single = v.pipe(
  v.strictObject(
    Object.fromEntries(
      Object.entries(conditions).map(([key, { schema }]) => [key, v.optional(schema as v.GenericSchema)]),
    ),
  ),
  v.check((condition) => Object.keys(condition).length === 1, 'expected exactly one condition'),
);

const several = v.strictObject({ all: v.pipe(v.array(single), v.minLength(1), v.maxLength(6)) });

/** One condition, or several of which all must hold. */
export const conditionSchema = v.pipe(
  v.lazy((json) => (v.is(v.object({ all: v.unknown() }), json) ? several : single)),
  v.transform((condition): Condition => condition as Condition),
);

type SingleCondition = {
  readonly [K in keyof typeof conditions]?: v.InferOutput<(typeof conditions)[K]['schema']>;
};

/** A checked condition: exactly one key is there. */
export type Condition = SingleCondition | { readonly all: readonly SingleCondition[] };

function parts(condition: Condition): readonly (readonly [Rule<v.GenericSchema>, unknown])[] {
  const singles = 'all' in condition ? condition.all : [condition];
  return singles.flatMap((one) =>
    Object.entries(one).map(
      ([key, wanted]) =>
        [conditions[key as keyof typeof conditions] as unknown as Rule<v.GenericSchema>, wanted] as const,
    ),
  );
}

/** Whether the studio is in the state the condition asks for. */
export function isMet(condition: Condition, state: StudioState): boolean {
  return parts(condition).every(([{ met }, wanted]) => met(wanted, state));
}

/** Where the studio stands, for the first part that is missing: "You are at 46 %". Null when nothing helps. */
export function standing(condition: Condition, state: StudioState): string | null {
  for (const [{ met, now }, wanted] of parts(condition)) if (!met(wanted, state)) return now(wanted, state);
  return null;
}
