/** The commands of the protocol as functions of the engine: what the studio worker serves, and what tests call. */
import { DatasetError } from '../datasets/dataset';
import { catalogue, methodById } from '../methods';
import { checkSettings } from '../methods/settings';
import { kernelSpectra } from '../methods/spectra';
import { createPlanner } from '../network/planner';
import { cutChannels } from '../network/cut';
import { withPasses } from '../network/unrolled';
import type { Commands } from '../protocol';
import type { CallContext, Handlers } from '../rpc';
import { compareNetworks, imagesAt } from './comparing';
import { createEngine, type Engine, type Host } from './engine';
import { exportFile } from './export';
import { kernelViews, measureLayer } from './layer-views';
import { evidenceAt, looksAt } from './looks';
import { measure, passFigures, recalibrated } from './measuring';
import { recover } from './recovery';
import { createRuns, type Runs } from './runs';
import { StorageError } from './store';
import { scoreFilters } from './scoring';
import { scanSensitivity } from './sensitivity';
import { forwardTimes } from './timing';
import { truncated } from './truncating';
import { describeInput, tryInputs } from './input-trial';
import { datasetView, openDataSource, openNetworkSource, shippedNetworks, storedNetwork } from './sources';

/** Training images the preview recalibrates on. */
const PREVIEW_RECALIBRATION = 512;
/** How long a run may take to notice that its device is gone before the page is told to start afresh. */
const LOSS_PATIENCE_MS = 800;

export interface Studio {
  readonly handlers: Handlers<Commands>;
  readonly engine: Engine;
  readonly runs: Runs;
}

/** A studio over `host`. Nothing runs until `start`. */
export function createStudio(host: Host): Studio {
  const engine = createEngine(host);
  const runs = createRuns(engine);
  let watched = false;

  function watchDevice(): void {
    if (watched) return;
    watched = true;
    void engine.executor.lost.then(async (reason) => {
      const patience = new Promise((resolve) => setTimeout(resolve, LOSS_PATIENCE_MS));
      await Promise.race([runs.settled(), patience]);
      host.emit({ kind: 'device-lost', reason, recovering: true });
    });
  }

  const handlers: Handlers<Commands> = {
    async start({ device, baseUrl }) {
      const report = await engine.start(device, baseUrl);
      watchDevice();
      host.emit({ kind: 'device', report });
      const shipped = await shippedNetworks(engine);
      return { device: report, methods: catalogue(), shipped, runs: await runs.list() };
    },

    async openNetwork({ source, files, seed = 1 }, { signal }) {
      return (await openNetworkSource(engine, source, files, seed, signal)).view;
    },

    async tryInputs({ network, dataset }, { signal, progress }) {
      const { network: opened } = engine.network(network);
      return tryInputs(engine, opened, engine.dataset(dataset).dataset, signal, (done, total) =>
        progress(done / total, `${done} of ${total} ways`),
      );
    },

    async describeInput({ network, ...input }) {
      return (await describeInput(engine, engine.network(network), input)).view;
    },

    async openDataset({ source, files }, options) {
      return datasetView(await openDataSource(engine, source, files, options));
    },

    async score({ network, dataset, method, settings, seed }, { signal, progress }) {
      const began = performance.now();
      const options = {
        network: engine.network(network).network,
        dataset: dataset === null ? null : engine.dataset(dataset).dataset,
        settings,
        seed,
        signal,
        progress,
        turn: () => engine.queue.turn(),
      };
      const scored = await scoreFilters(engine.executor, method, options);
      return { ...scored, seconds: (performance.now() - began) / 1000 };
    },

    async spectra({ network, method, settings }, { signal, progress }) {
      const checked = checkSettings(methodById(method).settings, settings);
      return kernelSpectra({ network: engine.network(network).network, settings: checked, signal, progress });
    },

    async sensitivity({ network, dataset, scores, reduction, normalise, images }, { signal, progress }) {
      const { network: opened } = engine.network(network);
      const { dataset: data } = engine.dataset(dataset);
      // Refuses scores that do not fit before the first measurement.
      createPlanner({ graph: opened.graph, scores, normalise });
      const sensitivity = await scanSensitivity({
        network: opened,
        scores,
        normalise,
        reduction,
        signal,
        progress,
        evaluate: (candidate) =>
          engine.queue.run(signal, async () => {
            const { score } = await measure(engine.executor, candidate, data, 'validation', { signal, images });
            return score;
          }),
      });
      return { sensitivity };
    },

    preview: (params, context) => preview(engine, params, context),

    recover: (params, context) => recover(engine, params, context),

    async evaluate({ network, dataset, split, images, passes: asked }, { signal, progress }) {
      const { network: built } = engine.network(network);
      const opened = asked === undefined ? built : withPasses(built, asked);
      const { dataset: data } = engine.dataset(dataset);
      const onProgress = (done: number, total: number): void => progress(done / total, `${done} of ${total} images`);
      const options = { signal, onProgress, images: images ?? undefined };
      const found = await engine.queue.run(signal, () => measure(engine.executor, opened, data, split, options));
      const testUses = engine.countUse(dataset, split);
      const { metric, score, loss, images: count, perClass, seconds } = found;
      const passes = passFigures(opened, found).map((figures, pass) => ({
        ...figures,
        confusion: [...(found.passes[pass]?.confusion ?? [])],
      }));
      return { metric, accuracy: score, loss, images: count, perClass, passes, seconds, testUses };
    },

    kernels: async ({ network, layer }) => kernelViews(engine.network(network).network, layer),

    async measureLayer({ network, layer, removed, batch }, { signal }) {
      const { network: opened } = engine.network(network);
      return engine.queue.run(signal, () => measureLayer(engine.executor, opened, layer, removed, batch, signal));
    },

    compareNetworks: (params, context) => compareNetworks(engine, params, context),

    async timeNetworks({ networks, batch }, { signal }) {
      const open = networks.map((id) => engine.network(id).network);
      return { times: await engine.queue.run(signal, () => forwardTimes(engine.executor, open, batch, signal)) };
    },

    imagesAt: async (params) => imagesAt(engine, params),

    async looks({ network, dataset, ...rest }, { signal }) {
      const request = { ...rest, network: engine.network(network).network, dataset: engine.dataset(dataset).dataset };
      return engine.queue.run(signal, () => looksAt(engine.executor, request));
    },

    async evidence({ network, dataset, ...rest }, { signal }) {
      const request = { ...rest, network: engine.network(network).network, dataset: engine.dataset(dataset).dataset };
      return engine.queue.run(signal, () => evidenceAt(engine.executor, { ...request, signal }));
    },

    async startRun({ recipe, network, dataset, files }, options) {
      const open = {
        recipe,
        network: network === null ? null : engine.network(network),
        dataset: dataset === null ? null : engine.dataset(dataset),
        files,
      };
      return { run: await runs.start(open, options) };
    },

    controlRun: async ({ run, action }, options) => ({ state: await runs.control(run, action, options) }),

    async setKnob({ run, setting, value }) {
      runs.setKnob(run, setting, value);
      return null;
    },

    listRuns: async () => ({ runs: await runs.list() }),

    async deleteRun({ run }) {
      await runs.remove(run);
      return null;
    },

    async renameCandidate({ run, candidate, name }) {
      await runs.rename(run, candidate, name);
      return null;
    },

    metricsOf: async ({ run }) => ({ points: await runs.metrics(run) }),

    telemetryOf: async ({ run }) => ({ samples: await runs.telemetry(run) }),

    async openCandidate({ run, candidate }) {
      const network = await storedNetwork(engine, run, candidate);
      const { view } = await engine.keepNetwork(network, { source: 'candidate', run, candidate }, []);
      const { candidates } = await runs.record(run);
      const hash = candidates.find(({ id }) => id === candidate)?.hash;
      if (hash !== undefined && hash !== view.hash) {
        throw new StorageError('damaged', 'The stored network is not the one this run made; run its recipe again.');
      }
      return view;
    },

    exportNetwork: (params, { signal }) => exportFile(engine, runs, params, signal),
  };

  return { handlers, engine, runs };
}

/**
 * Accuracy of the network with `removed` gone or truncated, raw and recalibrated. It is the smaller network that is
 * measured: it computes what the masked one does, in less time.
 */
async function preview(
  engine: Engine,
  { network, dataset, removed, truncation, images, recalibrate }: Commands['preview']['params'],
  { signal, progress }: CallContext,
): Promise<Commands['preview']['result']> {
  const { network: opened } = engine.network(network);
  const { dataset: data } = engine.dataset(dataset);
  if (data.splits.validation.count === 0) {
    throw new DatasetError('empty', 'The data set has no validation images to check the cut on.');
  }
  const whole = cutChannels(opened, removed);
  const cut = truncation === undefined ? whole : await truncated(whole, truncation, signal);
  const parts = recalibrate ? 3 : 1;
  const part = (index: number, note: string) => (done: number, total: number) =>
    progress((index + done / total) / parts, note);
  return engine.queue.run(signal, async () => {
    const raw = await measure(engine.executor, cut, data, 'validation', {
      signal,
      images,
      onProgress: part(0, 'Measuring the cut'),
    });
    if (!recalibrate) return { accuracy: raw.score, recalibrated: null, images: raw.images };
    const tuned = await recalibrated(engine.executor, cut, data, {
      images: PREVIEW_RECALIBRATION,
      seed: 1,
      signal,
      onProgress: part(1, 'Recalibrating'),
    });
    const after = await measure(engine.executor, tuned, data, 'validation', {
      signal,
      images,
      onProgress: part(2, 'Measuring again'),
    });
    return { accuracy: raw.score, recalibrated: after.score, images: raw.images };
  });
}
