/**
 * The one store of the page and the one set of gestures.
 *
 * React panels read it with `useStudio(selector)`; canvas panels with `studio.subscribe(selector, listener)`, so that a
 * dragged budget repaints without rendering. Nothing but `actions` changes it.
 */
import { useStore } from 'zustand';
import { subscribeWithSelector } from 'zustand/middleware';
import { createStore } from 'zustand/vanilla';
import { guarded } from '../lessons/locks';
import { createArrival } from './arrival';
import { notify, report, type StudioContext } from './context';
import { createDecisions } from './decisions';
import { createDocuments } from './documents';
import { createEventFeed } from './events';
import { createExperimenting } from './experimenting';
import { createExporting } from './exporting';
import { createLooking } from './looking';
import { initialState } from './initial';
import { createTeaching } from './lessons';
import { createLaddering } from './laddering';
import { createOpening } from './opening';
import { createPlanning } from './planning';
import { createPreviewing } from './previewing';
import { createReplaying } from './replaying';
import { recallRuns } from './recalling';
import { createRunning } from './running';
import { createScoring } from './scoring';
import { createUnderstanding } from './understanding';
import { createSetups } from './setups';
import type { StudioActions, StudioClient, StudioState } from './state';
import { recallView, rememberView, systemTheme } from './view-memory';

export const studio = createStore<StudioState>()(
  subscribeWithSelector(() => initialState(recallView(), recallView().theme ?? systemTheme())),
);

/** The piece of the state a component draws; it renders again when that piece changes (`Object.is`). */
export function useStudio<T>(selector: (state: StudioState) => T): T {
  return useStore(studio, selector);
}

let connected: StudioClient | null = null;

/** Where panels send commands of their own (`kernels`, `measureLayer`). Throws before `connectStudio`. */
export function studioClient(): StudioClient {
  if (connected === null) throw new Error('The studio is not connected to its worker yet: call connectStudio first.');
  return connected;
}

const context: StudioContext = { store: studio, client: studioClient };
const planning = createPlanning();
const previewing = createPreviewing(context);
const laddering = createLaddering(context, planning);
const scoring = createScoring(context, planning);
const decisions = createDecisions(context, planning, scoring, previewing);
const looking = createLooking(context);
const opening = createOpening(context, createArrival(context, decisions, scoring, previewing, looking));
const understanding = createUnderstanding(context, opening);
const running = createRunning(context, opening.openedFiles);
const feed = createEventFeed(context, () => void running.refresh().catch((thrown: unknown) => report(context, thrown)));

const show: StudioActions['show'] = (change) => {
  studio.setState(({ view }) => ({ view: { ...view, ...change } }));
  const { theme, rowLength, order } = change;
  if (theme ?? rowLength ?? order) {
    const { view } = studio.getState();
    rememberView({
      ...recallView(),
      rowLength: view.rowLength,
      order: view.order,
      ...(theme === undefined ? {} : { theme }),
    });
  }
};

const setups = createSetups(context, opening, {
  ...decisions,
  show,
  carryOut: running.carryOut,
  openFiles: (files) => documents.openFiles(files),
  openLesson: (lesson) => teaching.openLesson(lesson),
});

const replaying = createReplaying(context, opening, (event) => feed.receive(event));
const teaching = createTeaching(context, opening, decisions, {
  show,
  startRun: running.startRun,
  playTrace: replaying.playShipped,
});
const documents = createDocuments(context, opening, setups, {
  openLesson: teaching.openLesson,
  play: replaying.play,
});

const gestures: StudioActions = {
  start: (device, link) => opening.start(device, link === undefined ? undefined : () => setups.openLink(link)),
  async openNetwork(source, files) {
    await opening.openNetwork(source, files);
  },
  openLink: setups.openLink,
  openSetup: setups.openSetup,
  ...teaching,
  async openDataset(source, files) {
    await opening.openDataset(source, files);
  },
  openFiles: documents.openFiles,
  openCandidate: opening.openCandidate,
  cancelOpening: opening.cancelOpening,
  ...understanding,
  chooseMethod: decisions.chooseMethod,
  dragBudget: decisions.dragBudget,
  releaseBudget: decisions.releaseBudget,
  cancelDrag: decisions.cancelDrag,
  tryAgain: decisions.tryAgain,
  changeRules: decisions.changeRules,
  toggleFilter: decisions.toggleFilter,
  keepFilters: decisions.keepFilters,
  protectLayer: decisions.protectLayer,
  changeFineTune: decisions.changeFineTune,
  dragRank: decisions.dragRank,
  releaseRank: decisions.releaseRank,
  keepRanks: decisions.keepRanks,
  changeTraining: decisions.changeTraining,
  undo: decisions.undo,
  redo: decisions.redo,
  ...createExperimenting(context, opening, decisions, running),
  showLadder(isOn) {
    laddering.showLadder(isOn);
    rememberView({ ...recallView(), ladder: isOn });
  },
  startRun: running.startRun,
  async controlRun(run, action) {
    if (replaying.isReplay(run)) replaying.control(run, action);
    else await running.controlRun(run, action);
  },
  setKnob: running.setKnob,
  tick: running.tick,
  lookAt: looking.lookAt,
  pickPixel: looking.pickPixel,
  async deleteRun(run) {
    if (replaying.isReplay(run)) replaying.forget(run);
    else await running.deleteRun(run);
  },
  playTrace: replaying.playShipped,
  ...createExporting(context),
  show,
  dismiss(notice) {
    studio.setState(({ notices }) => ({ notices: notices.filter(({ id }) => id !== notice) }));
  },
};

/** What panels call: a lesson may hold some of it still. */
export const actions: StudioActions = guarded(
  gestures,
  () => studio.getState().lesson,
  (message) => notify(context, message, { tone: 'note' }),
);

/** Connects the page to its worker. Returns the disconnect function. */
export function connectStudio(client: StudioClient): () => void {
  connected = client;
  const unsubscribe = client.subscribe((event) => feed.receive(event));
  const unfollow = laddering.follow();
  const endRecalling = recallRuns(context);
  return () => {
    unsubscribe();
    unfollow();
    endRecalling();
    feed.dispose();
    connected = null;
    client.dispose();
  };
}
