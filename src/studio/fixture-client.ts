/**
 * A client without a worker, for component tests: real graphs of the zoo, made-up scores and accuracies.
 *
 * It answers after a few milliseconds and honours abort, so that panels see the same order of events as with a worker.
 */
import { networkCosts } from '../../workers/network/costs';
import { layerOf, type Graph } from '../../workers/network/graph';
import { ranksForBudget } from '../../workers/network/rank-plan';
import { buildZooGraph, type ZooOptions } from '../../workers/network/zoo';
import { gatedGraph, gatedName } from '../../workers/network/zoo/gating';
import { inferShapes } from '../../workers/network/shapes';
import { CancelledError } from '../../workers/rpc';
import type {
  CommandName,
  CommandParams,
  CommandResult,
  ImageLooks,
  NetworkSource,
  RunSummary,
  StudioEvent,
  Truncation,
} from '../../workers/protocol';
import { fixtureComparison } from './fixture-comparison';
import { fixtureEvidence, fixtureLooks } from './fixture-looks';
import { fixtureMethods } from './fixture-methods';
import { fixtureAccuracy, fixtureNormal, fixtureScores, fixtureSpectra } from './fixture-scores';
import type { StudioClient } from './state';

export interface FixtureOptions {
  /** What a network makes of an image. Default: `fixtureLooks`. */
  readonly looks?: (network: string) => ImageLooks;
  /** What `shipped` opens. Default: ResNet-20 with projections. */
  readonly network?: ZooOptions;
  readonly runs?: readonly RunSummary[];
  /** Milliseconds before an answer. */
  readonly delay?: number;
}

/** The client, and a way to say what a worker would say unasked. */
export interface FixtureClient extends StudioClient {
  emit(event: StudioEvent): void;
  /** Commands received, oldest first. */
  readonly received: readonly { readonly command: CommandName; readonly params: unknown }[];
}

/** Handles are never reused, by any fixture, as the protocol promises. */
let openedSoFar = 0;

type Answers = { readonly [C in CommandName]: (params: CommandParams<C>) => CommandResult<C> };

export function createFixtureClient(options: FixtureOptions = {}): FixtureClient {
  const { network = { architecture: 'resnet20', shortcut: 'projection' }, runs = [], delay = 5 } = options;
  const graphs = new Map<string, Graph>();
  const listeners = new Set<(event: StudioEvent) => void>();
  const received: { command: CommandName; params: unknown }[] = [];

  function emit(event: StudioEvent): void {
    for (const listener of listeners) listener(event);
  }

  function graphOf(handle: string): Graph {
    const graph = graphs.get(handle);
    if (graph === undefined) throw new Error(`The fixture has no open network "${handle}".`);
    return graph;
  }

  function open(source: NetworkSource): CommandResult<'openNetwork'> {
    const zoo = source.source === 'zoo' ? source : network;
    const graph = source.source === 'gated' ? gatedGraph(source) : buildZooGraph(zoo);
    openedSoFar += 1;
    const handle = `network-${openedSoFar}`;
    graphs.set(handle, graph);
    return {
      network: handle,
      graph,
      meta: { name: source.source === 'gated' ? gatedName(source) : names[zoo.architecture], history: [] },
      hash: handle.padEnd(64, '0'),
      source,
      notes: [],
    };
  }

  /** Share of the multiply-adds left, roughly: enough to draw a curve. */
  function shareOf(handle: string, removed: CommandParams<'preview'>['removed']): number {
    const graph = graphOf(handle);
    const { layers, macs } = networkCosts(graph);
    let lost = 0;
    for (const [id, channels] of Object.entries(removed)) {
      const shape = inferShapes(graph).get(id);
      lost += (1.6 * (layers.get(id)?.macs ?? 0) * channels.length) / (shape?.at(-1) ?? 1);
    }
    return Math.max(0, 1 - lost / macs);
  }

  function truncatedShare(handle: string, { scheme, ranks }: Truncation): number {
    const graph = graphOf(handle);
    const keep = { protect: graph.layers.map(({ id }) => id).filter((id) => ranks[id] === undefined), keep: ranks };
    return ranksForBudget(graph, fixtureSpectra(graph, scheme), 1, keep).share;
  }

  const answers: Answers = {
    start: () => ({
      device: {
        kind: 'wasm',
        description: '2 threads, SIMD',
        reason: 'No WebGPU adapter was found, so WASM computes.',
        threads: 2,
        simd: true,
        selfCheckError: 2.1e-6,
      },
      methods: fixtureMethods,
      shipped: [
        {
          id: 'resnet20-shapes10',
          title: 'ResNet-20 for Shapes-10',
          data: { source: 'shapes10' },
          accuracy: 0.968,
          macs: 40_813_184,
          parameters: 272_474,
          recipe: 'recipes/resnet20-shapes10.json',
        },
      ],
      runs,
    }),
    openNetwork: ({ source }) => open(source),
    tryInputs: () => ({
      images: 512,
      chance: 0.1,
      tried: [
        { id: 'raw', title: '0 to 255 (raw pixels)', order: 'RGB', normalisation: grey(0, 1 / 255), accuracy: 0.872 },
        { id: 'unit', title: '0 to 1 (pixel / 255)', order: 'RGB', normalisation: grey(0, 1), accuracy: 0.104 },
      ],
    }),
    describeInput: () => open({ source: 'file', name: 'net.h5' }),
    openCandidate: ({ run, candidate }) => open({ source: 'candidate', run, candidate }),
    openDataset: ({ source }) => ({
      dataset: 'dataset-1',
      name: source.source === 'shapes10' ? 'Shapes-10' : source.source,
      task: 'classification',
      classes: ['circle', 'square', 'triangle', 'cross', 'star', 'ring', 'moon', 'arrow', 'heart', 'drop'],
      shape: [32, 32, 3],
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      counts: { train: 5000, validation: 1000, test: 2000 },
      notes: [],
      source,
    }),
    score: ({ network: handle, method }) => ({
      scores: fixtureScores(graphOf(handle), method.length + method.charCodeAt(0)),
      normalise: 'layerMean',
      seconds: 0.1,
    }),
    spectra: ({ network: handle, settings }) =>
      fixtureSpectra(graphOf(handle), settings['scheme'] === 'spatial' ? 'spatial' : 'channel'),
    sensitivity: () => ({ sensitivity: {} }),
    preview: ({ network: handle, removed, truncation, images }) => ({
      ...fixtureAccuracy(truncation === undefined ? shareOf(handle, removed) : truncatedShare(handle, truncation)),
      images,
    }),
    recover: ({ network: handle, removed, truncation }) => {
      const share = truncation === undefined ? shareOf(handle, removed) : truncatedShare(handle, truncation);
      const { accuracy, recalibrated } = fixtureAccuracy(share);
      return { accuracy, recalibrated, reconstructed: (1 + 2 * recalibrated) / 3 };
    },
    evaluate: ({ images }) => ({
      accuracy: 0.968,
      loss: 0.12,
      images: images ?? 1000,
      metric: 'accuracy',
      perClass: [],
      passes: [],
      seconds: 0.4,
      testUses: 0,
    }),
    kernels: ({ network: handle, layer }) => fixtureKernels(graphOf(handle), layer),
    measureLayer: () => ({ originalMs: 1.24, cutMs: 0.83 }),
    compareNetworks: ({ networks, split, images }) => fixtureComparison(networks, split, images ?? 1000),
    timeNetworks: ({ networks }) => ({
      times: networks.map((_, at) => ({ median: 20 - 4 * at, low: 19 - 4 * at, high: 22 - 4 * at })),
    }),
    imagesAt: ({ indices }) => ({
      shape: [32, 32, 3],
      pixels: Uint8Array.from({ length: indices.length * 32 * 32 * 3 }, (_, at) => (at * 37) % 256),
    }),
    looks: ({ network }) => options.looks?.(network) ?? fixtureLooks,
    evidence: () => fixtureEvidence,
    startRun: () => ({ run: 'run-here-1' }),
    controlRun: ({ run, action }) => {
      const state = action === 'stop' ? 'stopped' : action === 'resume' ? 'running' : 'paused';
      emit({ kind: 'run', event: { run, event: 'state', state } });
      return { state };
    },
    setKnob: () => null,
    listRuns: () => ({ runs }),
    deleteRun: () => null,
    renameCandidate: () => null,
    metricsOf: () => ({ points: [] }),
    telemetryOf: () => ({ samples: [] }),
    exportNetwork: ({ format }) => ({
      name: `resnet20.${format}`,
      blob: new Blob(['fixture']),
      sha256: '0'.repeat(64),
      proof: { maxAbsLogitDifference: 0, images: 64 },
    }),
  };

  return {
    received,
    async call(command, params, { signal } = {}) {
      received.push({ command, params });
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (signal?.aborted === true) throw new CancelledError();
      return answers[command](params);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    emit,
    restart: () => undefined,
    dispose: () => listeners.clear(),
  };
}

const names: Readonly<Record<ZooOptions['architecture'], string>> = {
  resnet8: 'ResNet-8',
  resnet20: 'ResNet-20',
  resnet32: 'ResNet-32',
  resnet56: 'ResNet-56',
  vgg16: 'VGG-16-BN',
  densenet40: 'DenseNet-40',
  mobilenetv2: 'MobileNetV2',
};

function fixtureKernels(graph: Graph, id: string): CommandResult<'kernels'> {
  const layer = layerOf(graph, id);
  const size = layer.op === 'conv' || layer.op === 'depthwise' ? layer.kernelSize : ([1, 1] as const);
  const filters = inferShapes(graph).get(id)?.at(-1) ?? 0;
  const normal = fixtureNormal(id.length);
  const taps = filters * size[0] * size[1];
  const isFirst =
    layer.op === 'conv' && graph.layers.some(({ op, id: input }) => op === 'input' && layer.inputs[0] === input);
  return {
    filters,
    size: [size[0], size[1]],
    magnitude: Float32Array.from({ length: taps }, () => Math.abs(normal())),
    rgb: isFirst ? Float32Array.from({ length: taps * 3 }, () => normal()) : null,
  };
}

function grey(mean: number, std: number) {
  return { mean: [mean, mean, mean], std: [std, std, std] };
}
