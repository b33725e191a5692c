/**
 * What follows when a network or data arrive: the page begins with a clean slate or keeps what was decided, filters are
 * scored, the original is measured, and the cut is checked.
 */
import type { DatasetView, MethodDeclaration, NetworkView } from '../../workers/protocol';
import { failureOf, notify, report, type StudioContext } from './context';
import type { Decisions } from './decisions';
import { costliestLayer, misfitOf, openedFrom } from './fit';
import { noPreview } from './initial';
import type { Looking } from './looking';
import { defaultSettings, fineTuneFor, methodFor, usualTraining } from './methods';
import { previewImages, type Previewing } from './previewing';
import type { Scoring } from './scoring';
import type { OpenedNetwork, StudioState } from './state';
import { understandingOf } from './understanding';

export interface Arrival {
  /** Shows an opened network in place of the one that was open. */
  place(view: NetworkView): void;
  /** The sheet of what was understood: its questions are answered. */
  closeSheet(): void;
  /** Images may take longer than weights: what looks at weights alone is scored at once. */
  scoreByWeights(): void;
  /** All that was asked for is here: measures, scores and checks what is open. */
  settle(): void;
  /** Goes on with what waited for the sheet of what was understood to be closed. */
  proceed(): void;
}

export function createArrival(
  context: StudioContext,
  decisions: Decisions,
  scoring: Scoring,
  previewing: Previewing,
  looking: Looking,
): Arrival {
  const { store } = context;
  /** Whether images wait to be shown to the network until its sheet is closed. */
  let isHeld = false;

  /** Another network begins with a clean slate; the same one, opened again, keeps what was decided about it. */
  function place(view: NetworkView): void {
    const opened = openedFrom(view);
    const isAnother = store.getState().network?.view.hash !== view.hash;
    scoring.cancel();
    previewing.cancel();
    if (isAnother) decisions.forget();
    store.setState(({ rules, ranks, view: shown }) => ({
      network: opened,
      understanding: understandingOf(view),
      plan: null,
      preview: noPreview,
      rules: isAnother ? { ...rules, protect: [], keep: {}, byHand: {} } : rules,
      ranks: isAnother ? {} : ranks,
      ...methodStart(opened),
      view: {
        ...shown,
        layer: isAnother ? costliestLayer(opened) : shown.layer,
        hovered: null,
        outlined: null,
        look: null,
      },
    }));
    for (const note of view.notes) notify(context, note, { tone: 'note' });
  }

  function closeSheet(): void {
    store.setState(({ understanding }) => ({ understanding: understanding && { ...understanding, isOpen: false } }));
  }

  /** The method `opened` is met with, and its training where that is another one. Nothing is scored yet. */
  function methodStart(opened: OpenedNetwork): Pick<StudioState, 'scoring' | 'training' | 'fineTune'> {
    const { engine, scoring: present, training, fineTune } = store.getState();
    const id = methodFor(engine.methods, opened, present.method);
    const blank = { ...present, state: 'idle', note: '', scores: null, spectra: null, error: null } as const;
    if (id === present.method) return { scoring: blank, training, fineTune };
    const find = (wanted: string) => engine.methods.find((method) => method.id === wanted) ?? null;
    const method = find(id);
    return {
      scoring: { ...blank, method: id, settings: defaultSettings(method) },
      training: usualTraining(method),
      fineTune: fineTuneFor(fineTune, find(present.method), method),
    };
  }

  /** After the open network or data changed. The page is usable while the original is being measured. */
  function settle(): void {
    const { network: open, dataset, scoring: present, understanding } = store.getState();
    if (open === null) return;
    // Its sheet asks how pixels become the input: until that is answered or left open, no image is shown to it.
    isHeld = understanding?.isOpen === true && open.view.meta.normalisation === undefined && dataset !== null;
    if (isHeld) return;
    const misfit = dataset === null ? null : misfitOf(open.view, dataset);
    if (misfit !== null) {
      notify(context, misfit);
      store.setState({ dataset: null });
    } else if (dataset !== null && open.accuracy === null) {
      void measureOriginal(open, dataset);
    }
    looking.begin();
    if (needsOf(present.method) === 'data') scoring.score(() => decisions.settle());
    else if (present.scores !== null || present.spectra !== null) decisions.settle();
    else if (!scoring.isScoring()) scoring.score(() => decisions.settle());
  }

  /** Weights are here before images are: what looks at weights alone need not wait for the first ones. */
  function scoreByWeights(): void {
    const { dataset, scoring: present } = store.getState();
    if (dataset === null && needsOf(present.method) !== 'data') scoring.score(() => decisions.settle());
  }

  function needsOf(id: string): MethodDeclaration['needs'] | undefined {
    return store.getState().engine.methods.find((method) => method.id === id)?.needs;
  }

  async function measureOriginal(open: OpenedNetwork, dataset: DatasetView): Promise<void> {
    const params = {
      network: open.view.network,
      dataset: dataset.dataset,
      removed: {},
      images: previewImages,
      recalibrate: false,
    };
    try {
      const { accuracy } = await context.client().call('preview', params);
      store.setState(({ network: now, dataset: data }) =>
        now?.view === open.view && data === dataset ? { network: { ...now, accuracy } } : {},
      );
    } catch (thrown) {
      if (failureOf(thrown) !== null && store.getState().network?.view === open.view) report(context, thrown);
    }
  }

  return {
    place,
    closeSheet,
    scoreByWeights,
    settle,
    proceed() {
      if (isHeld) settle();
    },
  };
}
