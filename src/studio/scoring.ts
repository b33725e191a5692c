/**
 * What a plan is made from, asked of the worker when network, data or method change, and remembered while the page
 * lives: importance per filter, or singular values for a method that truncates.
 */
import { failureOf, notify, type StudioContext } from './context';
import { noPreview } from './initial';
import { keepsAll, presentMethod, standIn, trainsFirst, truncates } from './methods';
import type { Planning } from './planning';
import type { StudioState } from './state';

/** Images of a sensitivity scan, per step of every curve. */
const scanImages = 256;

type Found = Pick<StudioState['scoring'], 'scores' | 'spectra'> & Partial<Pick<StudioState['scoring'], 'normalise'>>;

interface AskOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, note: string) => void;
}

export interface Scoring {
  /** Scores the open network by the present method; `done` is called when the scores are in the state. */
  score(done: () => void): void;
  /** Runs the sensitivity scan the present rules ask for; `done` is called when plans can be made. */
  scan(done: () => void): void;
  /** True while scores are under way: plans made now would be of the old ones. */
  isScoring(): boolean;
  cancelScan(): void;
  cancel(): void;
}

export function createScoring(context: StudioContext, planning: Planning): Scoring {
  const { store } = context;
  const known = new Map<string, Found>();
  let running: { readonly work: 'score' | 'scan'; readonly abort: AbortController } | null = null;

  function cancel(): void {
    running?.abort.abort();
    running = null;
  }

  function begin(work: 'score' | 'scan', note: string): AbortController {
    cancel();
    const abort = new AbortController();
    running = { work, abort };
    patch({ state: 'scoring', note, error: null });
    return abort;
  }

  const isNewest = (abort: AbortController): boolean => running?.abort === abort;

  /** Without scores there is no plan: old scores must not pass for those of another method. */
  function lose(error: string): void {
    patch({ state: 'failed', note: '', scores: null, spectra: null, error });
    store.setState({ plan: null, preview: noPreview });
  }

  function patch(change: Partial<StudioState['scoring']>): void {
    store.setState(({ scoring }) => ({ scoring: { ...scoring, ...change } }));
  }

  function fail(thrown: unknown, mine: AbortController): void {
    const error = failureOf(thrown);
    if (!isNewest(mine) || error === null) return;
    const failed = running?.work;
    running = null;
    if (failed === 'score') lose(error);
    else patch({ state: 'ready', note: '' });
    notify(context, error);
  }

  function accept(found: Found, done: () => void): void {
    patch({ state: 'ready', note: '', ...found, error: null });
    done();
  }

  function score(done: () => void): void {
    cancel();
    const state = store.getState();
    const { dataset, scoring } = state;
    if (state.network === null) return;
    const method = presentMethod(state);
    const title = method?.title ?? scoring.method;
    const needsData = method?.needs === 'data';
    if (needsData && dataset === null) {
      return lose(`${title} reads images: open a data set, or choose a method that looks at weights alone.`);
    }
    const { network } = state.network.view;
    if (keepsAll(method)) {
      patch({ state: 'ready', note: '', scores: null, spectra: null, error: null });
      return done();
    }
    if (truncates(method)) {
      const params = { network, method: scoring.method, settings: scoring.settings };
      return ask(`spectra ${JSON.stringify(params)}`, 'Reading the singular values', done, async (options) => ({
        scores: null,
        spectra: await context.client().call('spectra', params, options),
      }));
    }
    const waits = trainsFirst(method);
    const params = {
      network,
      dataset: needsData ? (dataset?.dataset ?? null) : null,
      method: waits ? standIn.id : scoring.method,
      settings: waits ? {} : scoring.settings,
      seed: state.seed,
    };
    return ask(
      `score ${JSON.stringify(params)}`,
      `Scoring by ${waits ? standIn.short : title}`,
      done,
      async (options) => {
        const { scores, normalise } = await context.client().call('score', params, options);
        return { scores, normalise, spectra: null };
      },
    );
  }

  /** What was found under `key` before, or the answer of `find`. */
  function ask(key: string, note: string, done: () => void, find: (options: AskOptions) => Promise<Found>): void {
    const before = known.get(key);
    if (before !== undefined) return accept(before, done);
    const mine = begin('score', note);
    void work(mine, async (signal) => {
      const found = await find({ signal, onProgress: (_, progress) => patch({ note: progress }) });
      known.set(key, found);
      return () => accept(found, done);
    });
  }

  function scan(done: () => void): void {
    const { network, dataset, scoring, rules } = store.getState();
    const { scores } = scoring;
    if (network === null || scores === null || planning.hasSensitivity(scores)) return;
    if (dataset === null) {
      notify(context, 'The sensitivity scan measures accuracy: open a data set, or choose another allocation.');
      return;
    }
    const mine = begin('scan', 'Measuring how sensitive each layer is');
    const params = {
      network: network.view.network,
      dataset: dataset.dataset,
      scores,
      reduction: rules.reduction,
      normalise: scoring.normalise,
      images: scanImages,
    };
    void work(mine, async (signal) => {
      const onProgress = (_: number, note: string): void => patch({ note });
      const { sensitivity } = await context.client().call('sensitivity', params, { signal, onProgress });
      planning.useSensitivity(scores, sensitivity);
      return () => {
        patch({ state: 'ready', note: '' });
        done();
      };
    });
  }

  /** Carries out newest work; what it returns is done only if nothing newer began meanwhile. */
  async function work(mine: AbortController, ask: (signal: AbortSignal) => Promise<() => void>): Promise<void> {
    try {
      const finish = await ask(mine.signal);
      if (!isNewest(mine)) return;
      running = null;
      finish();
    } catch (thrown) {
      fail(thrown, mine);
    }
  }

  return {
    score,
    scan,
    isScoring: () => running?.work === 'score',
    cancelScan() {
      if (running?.work !== 'scan') return;
      cancel();
      patch({ state: 'ready', note: '' });
    },
    cancel,
  };
}
