/**
 * Opening: the worker, a network, data. Each open shows itself, fails in one sentence, and the newest wins.
 *
 * After a network or data arrived, the original is measured, filters are scored, and the cut is checked.
 */
import { errorData } from '../../workers/rpc';
import type {
  DataSource,
  DatasetView,
  DeviceChoice,
  MethodDeclaration,
  NetworkSource,
  NetworkView,
} from '../../workers/protocol';
import { failureOf, notify, report, type StudioContext } from './context';
import type { Decisions } from './decisions';
import { engineReady } from './engine-ready';
import { sortFiles } from './files';
import { costliestLayer, misfitOf, openedFrom } from './fit';
import { noPreview } from './initial';
import type { Looking } from './looking';
import { previewImages, type Previewing } from './previewing';
import { defaultSettings, fineTuneFor, methodFor, usualTraining } from './methods';
import { readData } from './read-data';
import type { Scoring } from './scoring';
import { type DescribedInput, understandingOf, untried } from './understanding';
import type { OpenedNetwork, StudioActions, StudioState } from './state';
import { dataTitleOf, titleOf, usualData, type Opened } from './usual-data';

/** What a person sees first. */
const firstNetwork = 'resnet20-shapes10';

/** Whether an open is still the one that counts, and its end when it is not. */
interface Newest {
  readonly isNewest: () => boolean;
  readonly signal: AbortSignal;
}

interface OpenNetworkOptions {
  /** What was settled about its input when it was open before. */
  readonly described?: DescribedInput | undefined;
  /** Initialises a network of the zoo. */
  readonly seed?: number;
  /** Instead of what the network was trained on. */
  readonly data?: Opened<DataSource>;
}

export interface Opening extends Pick<StudioActions, 'openCandidate' | 'cancelOpening'> {
  /** `first` opens something and says whether it did; else what was open before a restart, or the first shipped network. */
  start(device: DeviceChoice, first?: () => Promise<boolean>): Promise<void>;
  /** Whether it is open now: false when it failed, was cancelled, or something else was opened meanwhile. */
  openNetwork(source: NetworkSource, files?: readonly File[], options?: OpenNetworkOptions): Promise<boolean>;
  /** The same of images. */
  openDataset(source: DataSource, files?: readonly File[]): Promise<boolean>;
  /** True when a network was among the files, and is open now. */
  openFiles(files: readonly File[]): Promise<boolean>;
  /** Takes in the open network described anew: same file, same data. */
  replace(view: NetworkView, described: DescribedInput): void;
  /** Goes on with what waited for the sheet of what was understood to be closed. */
  proceed(): void;
  /** Bytes behind the open network and data. */
  readonly openedFiles: () => readonly File[];
}

export function createOpening(
  context: StudioContext,
  decisions: Decisions,
  scoring: Scoring,
  previewing: Previewing,
  looking: Looking,
): Opening {
  const { store } = context;
  let network: (Opened<NetworkSource> & Pick<OpenNetworkOptions, 'described'>) | null = null;
  /** Whether images wait to be shown to the network until its sheet is closed. */
  let isHeld = false;
  let data: Opened<DataSource> | null = null;
  /** Data of the open under way. */
  let awaited: Opened<DataSource> | null = null;
  /** Counts opens; an answer to an older one is dropped. */
  let latest = 0;
  let starts = 0;
  /** The newest open that was asked for before there was an engine: it comes before what is opened first. */
  let early: Promise<boolean> | null = null;
  /** Cancels the open under way. */
  let under: AbortController | null = null;

  /** A worker has one device for life: choosing again replaces the worker. */
  async function start(device: DeviceChoice, first?: () => Promise<boolean>): Promise<void> {
    starts += 1;
    const mine = starts;
    if (mine > 1) context.client().restart();
    store.setState(({ engine }) => ({ engine: { ...engine, phase: 'starting', error: null } }));
    try {
      const baseUrl = new URL('.', document.baseURI).href;
      const { runs, ...engine } = await context.client().call('start', { device, baseUrl });
      if (mine !== starts) return;
      store.setState({ engine: { ...engine, phase: 'ready', error: null }, runs });
      const running = runs.find(({ state }) => state === 'running' || state === 'paused');
      store.setState({ activeRun: running?.run ?? null });
      chooseFirstMethod();
      const asked = early;
      early = null;
      if (asked !== null && ((await asked) || store.getState().opening !== null)) return;
      if (first === undefined || network !== null || !(await first())) await openFirst();
    } catch (thrown) {
      if (mine !== starts) return;
      store.setState(({ engine }) => ({ engine: { ...engine, phase: 'failed', error: errorData(thrown) } }));
      report(context, thrown, { label: 'Try again', run: () => void start(device, first) });
    }
  }

  function chooseFirstMethod(): void {
    const { engine, scoring: present } = store.getState();
    const method = engine.methods.find(({ id }) => id === present.method) ?? engine.methods[0];
    if (method === undefined) return;
    const settings =
      method.id === present.method && Object.keys(present.settings).length > 0
        ? present.settings
        : defaultSettings(method);
    store.setState({ scoring: { ...present, method: method.id, settings } });
  }

  /** What was open before a restart, else the first shipped network, else an untrained one. */
  async function openFirst(): Promise<void> {
    if (network !== null) {
      await openNetwork(network.source, network.files, { described: network.described });
      if (data !== null && store.getState().dataset === null) await openDataset(data.source, data.files);
      return;
    }
    const { shipped } = store.getState().engine;
    const first = shipped.find(({ id }) => id === firstNetwork) ?? shipped[0];
    if (first === undefined) await openNetwork({ source: 'zoo', architecture: 'resnet20' });
    else await openNetwork({ source: 'shipped', id: first.id });
  }

  async function openNetwork(
    source: NetworkSource,
    files: readonly File[] = [],
    { data: beside, ...options }: OpenNetworkOptions = {},
  ): Promise<boolean> {
    return openTogether(source, files, beside ?? null, options);
  }

  /** A network, and the data that came with it: as files, or by what it was trained on. */
  async function openTogether(
    source: NetworkSource,
    files: readonly File[],
    beside: Opened<DataSource> | null,
    { seed, described }: Pick<OpenNetworkOptions, 'seed' | 'described'> = {},
  ): Promise<boolean> {
    return opens(`Opening ${titleOf(source, store.getState().engine.shipped)}`, async (newest) => {
      const { engine, dataset } = store.getState();
      const wanted = beside ?? usualData(source, { engine, dataset, awaited });
      awaited = wanted === null || isOpen(wanted.source) ? null : wanted;
      const { signal } = newest;
      const asFiled = await context.client().call('openNetwork', { source, files, seed }, { signal });
      const view =
        described === undefined
          ? asFiled
          : await context.client().call('describeInput', { network: asFiled.network, ...described }, { signal });
      if (!newest.isNewest()) return;
      network = { source, files, described };
      place(view);
      if (described !== undefined) closeSheet();
      scoreByWeights();
      try {
        if (awaited !== null) await loadDataset(awaited, newest);
      } catch (thrown) {
        // The network is open all the same: weights alone can be looked at, scored and cut.
        if (newest.isNewest()) report(context, thrown);
      }
      settle(newest);
    });
  }

  async function openDataset(source: DataSource, files: readonly File[] = []): Promise<boolean> {
    return opens(`Opening ${dataTitleOf(source)}`, async (newest) => {
      awaited = { source, files };
      await loadDataset(awaited, newest);
      settle(newest);
    });
  }

  async function loadDataset({ source, files }: Opened<DataSource>, { isNewest, signal }: Newest): Promise<void> {
    const onProgress = (_: number, note: string): void => {
      if (isNewest() && note !== '') store.setState({ opening: note });
    };
    const graph = store.getState().network?.view.graph;
    const dataset = await readData(context.client(), { source, files }, graph, { onProgress, signal });
    if (!isNewest()) return;
    data = { source: dataset.source, files };
    store.setState(({ network: open, understanding }) => ({
      dataset,
      preview: noPreview,
      network: open === null ? null : { ...open, accuracy: null },
      understanding: understanding && untried(understanding),
    }));
    for (const note of dataset.notes) notify(context, note, { tone: 'note' });
  }

  /**
   * Runs one open at a time in the bar's busy line; the newest wins, older ones are cancelled. Whether it was carried
   * out to its end: what would be set up on top of an older one is nobody's wish any more.
   */
  function opens(what: string, work: (newest: Newest) => Promise<void>): Promise<boolean> {
    const isEarly = store.getState().engine.phase !== 'ready';
    const outcome = carryOut(what, work);
    if (isEarly) early = outcome;
    return outcome;
  }

  async function carryOut(what: string, work: (newest: Newest) => Promise<void>): Promise<boolean> {
    under?.abort();
    const abort = new AbortController();
    under = abort;
    latest += 1;
    const mine = latest;
    const isNewest = (): boolean => mine === latest;
    store.setState({ opening: what });
    try {
      if (store.getState().engine.phase !== 'ready') await engineReady(store, abort.signal);
      await work({ isNewest, signal: abort.signal });
      return isNewest();
    } catch (thrown) {
      if (isNewest()) report(context, thrown);
      return false;
    } finally {
      if (isNewest()) {
        awaited = null;
        store.setState({ opening: null });
      }
    }
  }

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
  function settle({ isNewest }: Newest): void {
    const { network: open, dataset, scoring: present, understanding } = store.getState();
    if (!isNewest() || open === null) return;
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

  function isOpen(source: DataSource): boolean {
    const open = store.getState().dataset?.source;
    return open !== undefined && JSON.stringify(open) === JSON.stringify(source);
  }

  function settleNow(): void {
    const { network: now } = store.getState();
    settle({ isNewest: () => store.getState().network === now, signal: new AbortController().signal });
  }

  return {
    start,
    openNetwork,
    openDataset,
    async openFiles(files) {
      const sorted = sortFiles(files);
      const [unknown] = sorted.unknown;
      if (unknown !== undefined && sorted.network.length === 0 && sorted.data === null) {
        notify(
          context,
          `"${unknown.name}" is neither a network nor data this studio reads: open ONNX, Keras, TF.js, PyTorch, .safetensors or .espalier files, the CIFAR-10 archive, or a folder or .zip with one folder per class.`,
        );
      }
      const [main] = sorted.network;
      if (main !== undefined) {
        await openTogether({ source: 'file', name: main.name }, sorted.network, sorted.data);
        return true;
      }
      if (sorted.data !== null) await openDataset(sorted.data.source, sorted.data.files);
      return false;
    },
    async openCandidate(candidate) {
      const { run, id } = candidate;
      await opens('Opening the network of a run', async (newest) => {
        const view = await context.client().call('openCandidate', { run, candidate: id }, { signal: newest.signal });
        if (!newest.isNewest()) return;
        network = { source: view.source, files: [] };
        place(view);
        settle(newest);
      });
    },
    replace(view, described) {
      if (network !== null) network = { ...network, described };
      place(view);
      closeSheet();
      settleNow();
    },
    proceed() {
      if (isHeld) settleNow();
    },
    cancelOpening() {
      under?.abort();
    },
    openedFiles: () => [...(network?.files ?? []), ...(data?.files ?? [])],
  };
}
