/**
 * Opening: the worker, a network, data. Each open shows itself, fails in one sentence, and the newest wins.
 *
 * After a network or data arrived, the original is measured, filters are scored, and the cut is checked.
 */
import { networkCosts } from '../../workers/network/costs';
import { channelGroups } from '../../workers/network/groups';
import { isWeighted } from '../../workers/network/graph';
import { errorData } from '../../workers/rpc';
import type { DataSource, DatasetView, NetworkSource, NetworkView } from '../../workers/protocol';
import { failureOf, notify, report, type StudioContext } from './context';
import type { Decisions } from './decisions';
import { sortFiles } from './files';
import { noPreview } from './initial';
import { previewImages, type Previewing } from './previewing';
import { defaultSettings, scoringMethods, type Scoring } from './scoring';
import type { OpenedNetwork, StudioActions } from './state';

interface Opened<S> {
  readonly source: S;
  readonly files: readonly File[];
}

export interface Opening extends Pick<
  StudioActions,
  'start' | 'openNetwork' | 'openDataset' | 'openFiles' | 'openCandidate'
> {
  /** Bytes behind the open network and data. */
  openedFiles(): readonly File[];
}

export function createOpening(
  context: StudioContext,
  decisions: Decisions,
  scoring: Scoring,
  previewing: Previewing,
): Opening {
  const { store } = context;
  let network: Opened<NetworkSource> | null = null;
  let data: Opened<DataSource> | null = null;
  /** Counts opens; an answer to an older one is dropped. */
  let latest = 0;

  async function start(device: Parameters<StudioActions['start']>[0]): Promise<void> {
    if (store.getState().engine.phase !== 'starting') context.client().restart();
    store.setState(({ engine }) => ({ engine: { ...engine, phase: 'starting', error: null } }));
    try {
      const {
        device: report,
        methods,
        shipped,
        runs,
      } = await context.client().call('start', { device, baseUrl: new URL('.', document.baseURI).href });
      store.setState({ engine: { phase: 'ready', device: report, methods, shipped, error: null }, runs });
      const running = runs.find(({ state }) => state === 'running' || state === 'paused');
      store.setState({ activeRun: running?.run ?? null });
      chooseFirstMethod();
      await openFirst();
    } catch (thrown) {
      store.setState(({ engine }) => ({ engine: { ...engine, phase: 'failed', error: errorData(thrown) } }));
      report(context, thrown, { label: 'Try again', run: () => void start(device) });
    }
  }

  function chooseFirstMethod(): void {
    const { engine, scoring: present } = store.getState();
    const methods = scoringMethods(engine.methods);
    const method = methods.find(({ id }) => id === present.method) ?? methods[0];
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
      await openNetwork(network.source, network.files);
      if (data !== null && store.getState().dataset === null) await openDataset(data.source, data.files);
      return;
    }
    const [first] = store.getState().engine.shipped;
    if (first === undefined) await openNetwork({ source: 'zoo', architecture: 'resnet20' });
    else await openNetwork({ source: 'shipped', id: first.id });
  }

  async function openNetwork(source: NetworkSource, files: readonly File[] = []): Promise<void> {
    const title = titleOf(source);
    await opens(`Opening ${title}`, async (isNewest) => {
      const view = await context.client().call('openNetwork', { source, files });
      if (!isNewest()) return;
      network = { source, files };
      place(view);
      const shipped =
        source.source === 'shipped' ? store.getState().engine.shipped.find(({ id }) => id === source.id) : undefined;
      const wanted = shipped?.data ?? (store.getState().dataset === null ? ({ source: 'shapes10' } as const) : null);
      if (wanted !== null && !isOpen(wanted)) await loadDataset(wanted, [], isNewest);
      await settle(isNewest);
    });
  }

  async function openDataset(source: DataSource, files: readonly File[] = []): Promise<void> {
    await opens(`Opening ${dataTitleOf(source)}`, async (isNewest) => {
      await loadDataset(source, files, isNewest);
      await settle(isNewest);
    });
  }

  async function loadDataset(source: DataSource, files: readonly File[], isNewest: () => boolean): Promise<void> {
    const onProgress = (_: number, note: string): void => {
      if (isNewest() && note !== '') store.setState({ opening: note });
    };
    const dataset = await context.client().call('openDataset', { source, files }, { onProgress });
    if (!isNewest()) return;
    data = { source, files };
    store.setState(({ network: open }) => ({
      dataset,
      preview: noPreview,
      network: open === null ? null : { ...open, accuracy: null },
    }));
    for (const note of dataset.notes) notify(context, note, { tone: 'note' });
  }

  /** Runs one open at a time in the bar's busy line; the newest wins. */
  async function opens(what: string, work: (isNewest: () => boolean) => Promise<void>): Promise<void> {
    latest += 1;
    const mine = latest;
    const isNewest = (): boolean => mine === latest;
    store.setState({ opening: what });
    try {
      await work(isNewest);
    } catch (thrown) {
      if (isNewest()) report(context, thrown);
    } finally {
      if (isNewest()) store.setState({ opening: null });
    }
  }

  function place(view: NetworkView): void {
    const opened = openedFrom(view);
    scoring.cancel();
    previewing.cancel();
    decisions.forget();
    store.setState(({ scoring: present, rules, view: shown }) => ({
      network: opened,
      plan: null,
      preview: noPreview,
      rules: { ...rules, protect: [], keep: {}, byHand: {} },
      scoring: { ...present, state: 'idle', note: '', scores: null, error: null },
      view: { ...shown, layer: costliestLayer(opened), hovered: null, outlined: null },
    }));
    for (const note of view.notes) notify(context, note, { tone: 'note' });
  }

  /** After the open network or data changed. The page is usable while the original is being measured. */
  async function settle(isNewest: () => boolean): Promise<void> {
    const { network: open, dataset, scoring: present } = store.getState();
    if (!isNewest() || open === null) return;
    const misfit = dataset === null ? null : misfitOf(open.view, dataset);
    if (misfit !== null) {
      notify(context, misfit);
      store.setState({ dataset: null });
    } else if (dataset !== null && open.accuracy === null) {
      void measureOriginal(open, dataset);
    }
    const method = store.getState().engine.methods.find(({ id }) => id === present.method);
    if (present.scores === null || method?.needs === 'data') scoring.score(decisions.settle);
    else decisions.settle();
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
          `"${unknown.name}" is neither a network nor data this studio reads: open .safetensors or .espalier files, the CIFAR-10 archive, or a folder or .zip with one folder per class.`,
        );
      }
      const [main] = sorted.network;
      if (main !== undefined) await openNetwork({ source: 'file', name: main.name }, sorted.network);
      if (sorted.data !== null) await openDataset(sorted.data.source, sorted.data.files);
    },
    async openCandidate(candidate) {
      const { run, id } = candidate;
      await opens('Opening the network of a run', async (isNewest) => {
        const view = await context.client().call('openCandidate', { run, candidate: id });
        if (!isNewest()) return;
        network = { source: view.source, files: [] };
        place(view);
        await settle(isNewest);
      });
    },
    openedFiles: () => [...(network?.files ?? []), ...(data?.files ?? [])],
  };
}

function openedFrom(view: NetworkView): OpenedNetwork {
  const { layers, macs, parameters } = networkCosts(view.graph);
  return { view, groups: channelGroups(view.graph), costs: layers, macs, parameters, accuracy: null };
}

/** What the inspector shows first: where most of the compute goes, among layers that can be cut. */
function costliestLayer({ view, groups, costs }: OpenedNetwork): string | null {
  const free = new Set(
    groups.flatMap(({ locked, members }) => (locked === undefined ? members.map(({ layer }) => layer) : [])),
  );
  const ranked = view.graph.layers
    .filter((layer) => isWeighted(layer) && free.has(layer.id))
    .sort((first, second) => (costs.get(second.id)?.macs ?? 0) - (costs.get(first.id)?.macs ?? 0));
  return ranked[0]?.id ?? null;
}

/** Why network and data cannot work together, or null. */
function misfitOf({ graph, meta }: NetworkView, dataset: DatasetView): string | null {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const classifier = graph.layers.findLast((layer) => layer.op === 'dense');
  const [height, width] = dataset.shape;
  if (input?.op === 'input' && input.shape.length === 3 && (input.shape[0] !== height || input.shape[1] !== width)) {
    return `${meta.name} takes images of ${input.shape[0]} × ${input.shape[1]}, ${dataset.name} has ${height} × ${width}: open other data.`;
  }
  if (classifier?.op === 'dense' && classifier.units !== dataset.classes.length) {
    return `${meta.name} tells ${classifier.units} classes apart, ${dataset.name} has ${dataset.classes.length}: open data with ${classifier.units} classes.`;
  }
  return null;
}

function titleOf(source: NetworkSource): string {
  switch (source.source) {
    case 'shipped':
      return source.id;
    case 'zoo':
      return source.architecture;
    case 'file':
      return source.name;
    case 'candidate':
      return 'the network of a run';
  }
}

function dataTitleOf(source: DataSource): string {
  switch (source.source) {
    case 'shapes10':
      return 'Shapes-10';
    case 'cifar10':
      return 'CIFAR-10';
    case 'folder':
      return source.name;
    case 'hub':
      return 'data from the hub';
  }
}
