/**
 * The one store of the page and the one set of gestures.
 *
 * React panels read it with `useStudio(selector)`; canvas panels with `studio.subscribe(selector, listener)`, so that a
 * dragged budget repaints without rendering. Nothing but `actions` changes it.
 */
import { useStore } from 'zustand';
import { subscribeWithSelector } from 'zustand/middleware';
import { createStore } from 'zustand/vanilla';
import { initialState } from './initial';
import type { StudioActions, StudioClient, StudioState } from './state';

export const studio = createStore<StudioState>()(subscribeWithSelector(() => initialState('light')));

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

/** Connects the page to its worker. Returns the disconnect function. */
export function connectStudio(client: StudioClient): () => void {
  connected = client;
  return () => {
    connected = null;
    client.dispose();
  };
}

const notYet = (): never => {
  throw new Error('Arrives with the next change of the store.');
};

export const actions: StudioActions = {
  start: notYet,
  openNetwork: notYet,
  openDataset: notYet,
  openFiles: notYet,
  chooseMethod: notYet,
  dragBudget: notYet,
  releaseBudget: notYet,
  cancelDrag: notYet,
  changeRules: notYet,
  toggleFilter: notYet,
  keepFilters: notYet,
  protectLayer: notYet,
  undo: notYet,
  redo: notYet,
  changeFineTune: notYet,
  startRun: notYet,
  controlRun: notYet,
  openCandidate: notYet,
  deleteRun: notYet,
  exportNetwork: notYet,
  tickRun(run, ticked) {
    studio.setState(({ view }) => ({
      view: {
        ...view,
        ticked: ticked
          ? [...view.ticked.filter((id) => id !== run), run].slice(-4)
          : view.ticked.filter((id) => id !== run),
      },
    }));
  },
  show(change) {
    studio.setState(({ view }) => ({ view: { ...view, ...change } }));
  },
  dismiss(notice) {
    studio.setState(({ notices }) => ({ notices: notices.filter(({ id }) => id !== notice) }));
  },
};
