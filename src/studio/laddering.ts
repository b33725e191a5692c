/**
 * The recovery ladder: what each budget gives right after the cut, recalibrated and reconstructed, measured in the
 * background. Coarse budgets first; anything a person does, and every run, goes before it.
 */
import type { StudioContext } from './context';
import type { Planning } from './planning';
import { familyOf } from './previewing';
import type { LadderPoint, StudioActions, StudioState } from './state';

/** Budgets in the order they are measured. */
const BUDGETS = [0.5, 0.25, 0.75, 0.375, 0.625, 0.875, 0.15] as const;
/** Validation images of one accuracy. */
const IMAGES = 256;
/** How long the studio must have been left alone. */
const QUIET_MS = 1500;

/** What a person, a run or the studio itself changes while it has better things to do. */
const watched = ({
  network,
  dataset,
  scoring,
  rules,
  ranks,
  plan,
  preview,
  opening,
  activeRun,
  ladder,
}: StudioState) => [network, dataset, scoring, rules, ranks, plan, preview, opening, activeRun, ladder.isOn];

export interface Laddering extends Pick<StudioActions, 'showLadder'> {
  /** Fills the ladder whenever the studio is left alone. Returns the end of it. */
  follow(): () => void;
}

export function createLaddering(context: StudioContext, planning: Planning): Laddering {
  const { store } = context;
  /** Points by budget, for every family of cuts that was measured. */
  const known = new Map<string, Map<number, LadderPoint>>();
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function show(state: StudioState, isBusy: boolean): void {
    const points = state.ladder.isOn ? [...(known.get(familyOf(state))?.values() ?? [])] : [];
    const sorted = points.toSorted((a, b) => a.share - b.share);
    store.setState(({ ladder }) => ({ ladder: { ...ladder, points: sorted, isBusy } }));
  }

  async function fill(mine: AbortController): Promise<void> {
    for (const budget of BUDGETS) {
      const state = store.getState();
      const family = familyOf(state);
      const points = known.get(family) ?? new Map<number, LadderPoint>();
      known.set(family, points);
      if (!hasTime(state) || mine.signal.aborted) return;
      const plan = points.has(budget) ? null : planning.plan(state, { ...state.rules, budget });
      if (plan === null || state.network === null || state.dataset === null) continue;
      show(state, true);
      const { truncation } = plan;
      const found = await context.client().call(
        'recover',
        {
          network: state.network.view.network,
          dataset: state.dataset.dataset,
          removed: plan.removed,
          ...(truncation === undefined ? {} : { truncation: { scheme: truncation.scheme, ranks: truncation.ranks } }),
          images: IMAGES,
        },
        { signal: mine.signal },
      );
      points.set(budget, { share: plan.share, ...found });
      show(store.getState(), true);
    }
  }

  function begin(): void {
    const mine = new AbortController();
    running = mine;
    // What fails here was asked by nobody: the curve stays as far as it got.
    void fill(mine)
      .catch(() => undefined)
      .finally(() => {
        if (running !== mine) return;
        running = null;
        show(store.getState(), false);
      });
  }

  function rest(): void {
    running?.abort();
    running = null;
    clearTimeout(timer);
    if (hasTime(store.getState())) timer = setTimeout(begin, QUIET_MS);
  }

  return {
    follow() {
      let last = watched(store.getState());
      let family = '';
      const stop = store.subscribe((state) => {
        const now = watched(state);
        if (now.every((piece, at) => piece === last[at])) return;
        last = now;
        rest();
        const present = `${familyOf(state)} ${state.ladder.isOn}`;
        if (present === family) return;
        family = present;
        show(state, false);
      });
      return () => {
        stop();
        running?.abort();
        clearTimeout(timer);
      };
    },
    showLadder: (isOn) => store.setState(({ ladder }) => ({ ladder: { ...ladder, isOn } })),
  };
}

function hasTime({ network, dataset, scoring, plan, preview, opening, activeRun, ladder }: StudioState): boolean {
  const isReady = network !== null && dataset !== null && plan !== null && scoring.state === 'ready';
  return ladder.isOn && isReady && preview.state !== 'checking' && opening === null && activeRun === null;
}
