/**
 * Opening: the worker, a network, data. Each open shows itself, fails in one sentence, and the newest wins. What follows
 * is in `arrival.ts`.
 */
import { errorData } from '../../workers/rpc';
import type { DataSource, DeviceChoice, NetworkSource, NetworkView } from '../../workers/protocol';
import type { Arrival } from './arrival';
import { notify, report, type StudioContext } from './context';
import { engineReady } from './engine-ready';
import { sortFiles } from './files';
import { noPreview } from './initial';
import { defaultSettings } from './methods';
import { readData } from './read-data';
import type { StudioActions } from './state';
import { type DescribedInput, untried } from './understanding';
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

export function createOpening(context: StudioContext, arrival: Arrival): Opening {
  const { store } = context;
  let network: (Opened<NetworkSource> & Pick<OpenNetworkOptions, 'described'>) | null = null;
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
      arrival.place(view);
      if (described !== undefined) arrival.closeSheet();
      arrival.scoreByWeights();
      try {
        if (awaited !== null) await loadDataset(awaited, newest);
      } catch (thrown) {
        // The network is open all the same: weights alone can be looked at, scored and cut.
        if (newest.isNewest()) report(context, thrown);
      }
      if (newest.isNewest()) arrival.settle();
    });
  }

  async function openDataset(source: DataSource, files: readonly File[] = []): Promise<boolean> {
    return opens(`Opening ${dataTitleOf(source)}`, async (newest) => {
      awaited = { source, files };
      await loadDataset(awaited, newest);
      if (newest.isNewest()) arrival.settle();
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

  function isOpen(source: DataSource): boolean {
    const open = store.getState().dataset?.source;
    return open !== undefined && JSON.stringify(open) === JSON.stringify(source);
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
      if (main !== undefined) return openTogether({ source: 'file', name: main.name }, sorted.network, sorted.data);
      if (sorted.data !== null) await openDataset(sorted.data.source, sorted.data.files);
      return false;
    },
    async openCandidate(candidate) {
      const { run, id } = candidate;
      await opens('Opening the network of a run', async (newest) => {
        const view = await context.client().call('openCandidate', { run, candidate: id }, { signal: newest.signal });
        if (!newest.isNewest()) return;
        network = { source: view.source, files: [] };
        arrival.place(view);
        arrival.settle();
      });
    },
    replace(view, described) {
      if (network !== null) network = { ...network, described };
      arrival.place(view);
      arrival.closeSheet();
      arrival.settle();
    },
    proceed: () => arrival.proceed(),
    cancelOpening() {
      under?.abort();
    },
    openedFiles: () => [...(network?.files ?? []), ...(data?.files ?? [])],
  };
}
