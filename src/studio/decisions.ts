/**
 * What a person decides about the cut: method, budget, rules, hand choices, fine-tune. Every decision is one undo step.
 *
 * A drag changes the plan alone; its release is the decision.
 */
import type { CutRules } from '../../workers/network/plan';
import type { ChannelIndex, LayerId } from '../../workers/network/graph';
import type { SettingValues, TrainStage } from '../../workers/protocol';
import { report, type StudioContext } from './context';
import { emptyHistory, record, stepBack, stepForward } from './history';
import { toggledByHand } from './hand-choices';
import type { Planning } from './planning';
import type { Previewing } from './previewing';
import { defaultSettings, fineTuneFor, usualTraining } from './methods';
import type { Scoring } from './scoring';
import type { Plan, StudioActions, StudioState } from './state';

/** Smallest share of the multiply-adds the handles ask for. */
export const smallestBudget = 0.05;

interface Decision {
  readonly rules: CutRules;
  /** By hand, of methods that truncate. */
  readonly ranks: StudioState['ranks'];
  readonly method: string;
  readonly settings: SettingValues;
  readonly training: TrainStage;
  readonly fineTune: TrainStage;
}

/** What the plan is made by; all of it can be dragged. */
type Wishes = Pick<Decision, 'rules' | 'ranks'>;

export interface Decisions extends Pick<
  StudioActions,
  | 'chooseMethod'
  | 'dragBudget'
  | 'releaseBudget'
  | 'cancelDrag'
  | 'tryAgain'
  | 'changeRules'
  | 'toggleFilter'
  | 'keepFilters'
  | 'protectLayer'
  | 'dragRank'
  | 'releaseRank'
  | 'keepRanks'
  | 'changeTraining'
  | 'changeFineTune'
  | 'undo'
  | 'redo'
> {
  /** Plans again from the present scores and rules, then checks. */
  settle(): void;
  /** Forgets every step: another network was opened. */
  forget(): void;
}

export function createDecisions(
  context: StudioContext,
  planning: Planning,
  scoring: Scoring,
  previewing: Previewing,
): Decisions {
  const { store } = context;
  let history = emptyHistory<Decision>();
  /** The decision a drag started from, while it lasts. */
  let dragged: Decision | null = null;

  const decided = ({ rules, ranks, scoring: { method, settings }, training, fineTune }: StudioState): Decision => ({
    rules,
    ranks,
    method,
    settings,
    training,
    fineTune,
  });

  /** Wishes and what follows from them at once; the old plan stays while a new one has to wait for a scan. */
  function place(change: Partial<Wishes>): void {
    const state = { ...store.getState(), ...change };
    const { rules, ranks, scoring: present } = state;
    const plan = planned(state) ?? (present.scores === null && present.spectra === null ? null : state.plan);
    store.setState({ rules, ranks, plan, preview: previewing.estimate({ ...state, plan }) });
  }

  /** Rules the planner refuses (a recipe's, made for another network) leave the old plan, and say why. */
  function planned(state: StudioState): Plan | null {
    try {
      return planning.plan(state, state.rules);
    } catch (thrown) {
      report(context, thrown);
      return null;
    }
  }

  function settle(): void {
    const { rules, scoring: present } = store.getState();
    place({});
    if (scoring.isScoring()) return;
    if (rules.allocation !== 'sensitivity' || present.scores === null) scoring.cancelScan();
    else if (!planning.hasSensitivity(present.scores)) return scoring.scan(settle);
    previewing.check();
  }

  function remember(before: Decision): void {
    history = record(history, before);
    store.setState({ canUndo: true, canRedo: false });
  }

  function decide(change: Partial<Decision>): void {
    const before = dragged ?? decided(store.getState());
    letGo();
    remember(before);
    restore({ ...before, ...change });
  }

  function restore(next: Decision): void {
    const { scoring: present } = store.getState();
    const rescored = next.method !== present.method || next.settings !== present.settings;
    store.setState({
      rules: next.rules,
      ranks: next.ranks,
      training: next.training,
      fineTune: next.fineTune,
      scoring: rescored ? { ...present, method: next.method, settings: next.settings } : present,
    });
    if (rescored) {
      previewing.cancel();
      scoring.score(settle);
    } else {
      settle();
    }
  }

  function travel(step: typeof stepBack<Decision>): void {
    const taken = step(history, decided(store.getState()));
    if (taken === null) return;
    history = taken.history;
    letGo();
    store.setState({ canUndo: history.past.length > 0, canRedo: history.future.length > 0 });
    restore(taken.value);
  }

  /** A handle begins to move: what is changed from now on is one step. */
  function grasp(state: StudioState): void {
    if (dragged !== null) return;
    dragged = decided(state);
    previewing.cancel();
    store.setState({ isDragging: true, view: { ...state.view, live: false } });
  }

  function letGo(): void {
    dragged = null;
    if (store.getState().isDragging) store.setState({ isDragging: false });
  }

  const changeRules = (change: Partial<CutRules>): void => {
    decide({ rules: { ...(dragged ?? store.getState()).rules, ...change } });
  };

  return {
    settle,
    forget() {
      history = emptyHistory();
      letGo();
      store.setState({ canUndo: false, canRedo: false });
    },
    chooseMethod(method, settings) {
      const { engine, scoring: present, fineTune, view } = store.getState();
      const find = (id: string) => engine.methods.find((other) => other.id === id) ?? null;
      const declaration = find(method);
      const chosen = { method, settings: settings ?? defaultSettings(declaration) };
      if (method === present.method) return decide(chosen);
      store.setState({ view: { ...view, tab: null } });
      decide({
        ...chosen,
        training: usualTraining(declaration),
        fineTune: fineTuneFor(fineTune, find(present.method), declaration),
      });
    },
    dragBudget(budget) {
      const state = store.getState();
      grasp(state);
      const within = clampBudget(budget);
      if (within !== state.rules.budget) place({ rules: { ...state.rules, budget: within } });
    },
    releaseBudget(budget) {
      const before = dragged ?? decided(store.getState());
      if (clampBudget(budget) === before.rules.budget) {
        letGo();
        place({ rules: before.rules, ranks: before.ranks });
        previewing.check();
      } else {
        changeRules({ budget: clampBudget(budget) });
      }
    },
    cancelDrag() {
      if (dragged === null) return;
      const { rules, ranks } = dragged;
      letGo();
      place({ rules, ranks });
      previewing.check();
    },
    tryAgain: () => scoring.score(settle),
    changeRules,
    toggleFilter(layer: LayerId, channel: ChannelIndex) {
      const { network, plan, rules } = store.getState();
      if (network === null || plan === null || plan.truncation !== undefined) return;
      const byHand = toggledByHand(rules.byHand, network.groups, plan, layer, channel);
      if (byHand !== null) changeRules({ byHand });
    },
    keepFilters(layer, count) {
      const { [layer]: _, ...others } = store.getState().rules.keep;
      changeRules({ keep: count === null ? others : { ...others, [layer]: count } });
    },
    protectLayer(layer, protect) {
      const others = store.getState().rules.protect.filter((id) => id !== layer);
      changeRules({ protect: protect ? [...others, layer] : others });
    },
    dragRank(layer, rank) {
      const state = store.getState();
      grasp(state);
      if (state.ranks[layer] !== rank) place({ ranks: { ...state.ranks, [layer]: rank } });
    },
    releaseRank(layer, rank) {
      const { ranks } = dragged ?? store.getState();
      decide({ ranks: { ...ranks, [layer]: rank } });
    },
    keepRanks: (ranks) => decide({ ranks }),
    changeTraining(change) {
      const before = decided(store.getState());
      remember(before);
      store.setState({ training: { ...before.training, ...change } });
    },
    changeFineTune(change) {
      const before = decided(store.getState());
      remember(before);
      store.setState({ fineTune: { ...before.fineTune, ...change } });
    },
    undo: () => travel(stepBack),
    redo: () => travel(stepForward),
  };
}

function clampBudget(budget: number): number {
  return Math.min(1, Math.max(smallestBudget, budget));
}
