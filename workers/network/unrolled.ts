/**
 * Passes: how often a network looks at one image before it answers.
 *
 * An unrolled network names its passes: layers of pass t are called `pass<t>.<name>` and share their weights with the
 * layers of the same name in other passes; every pass has an output. So the number of passes can be read off any
 * network, opened or cut or factored, and changed.
 */
import { NetworkError, type Graph, type Layer, type LayerId, type Network } from './graph';

const PASS = /^pass([1-9]\d*)\./;
const MODULATOR = /^pass2\.stage([1-9]\d*)\.gate\.conv$/;
const STAGE = /\.stage([1-9]\d*)\./;
const FEEDBACK = /^pass[1-9]\d*\.stage[1-9]\d*\.feedback\./;
const GATE = /^pass[1-9]\d*\.stage([1-9]\d*)\.gate$/;

/** What the names of layers of pass `pass` (from 1) begin with. */
export function passPrefix(pass: number): string {
  return `pass${pass}.`;
}

/** The pass a layer belongs to; undefined for what stands before all passes, and in networks that look once. */
export function passOf(id: LayerId): number | undefined {
  const digits = PASS.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name that a layer has in every pass. */
export function nameInPass(id: LayerId): string {
  return id.replace(PASS, '');
}

export interface StageGate {
  /** From 1. */
  readonly stage: number;
  /** Its output are the factors. */
  readonly layer: LayerId;
  /** What the factors multiply: output of the stage before, or of the stage itself. */
  readonly features: LayerId;
}

export interface Pass {
  /** From 1. */
  readonly number: number;
  readonly output: LayerId;
  /** None in the first pass. */
  readonly gates: readonly StageGate[];
}

/** The passes of `graph`, one per output, in order; null for a network that is not unrolled over passes. */
export function unrolledPasses(graph: Graph): readonly Pass[] | null {
  const numbered = graph.outputs.every((id, at) => passOf(id) === at + 1);
  if (!numbered || graph.outputs.length === 0) return null;
  return graph.outputs.map((output, at) => ({
    number: at + 1,
    output,
    gates: graph.layers.flatMap((layer) => {
      const stage = GATE.exec(layer.id)?.[1];
      if (stage === undefined || passOf(layer.id) !== at + 1) return [];
      const reader = graph.layers.find(({ op, inputs }) => op === 'multiply' && inputs[1] === layer.id);
      return [{ stage: Number(stage), layer: layer.id, features: reader?.inputs[0] ?? '' }];
    }),
  }));
}

/**
 * What the gates of each stage are made of: by gated stage, the stages of the look before that its signal comes from,
 * ascending; 0 stands for the answer (feedback from logits). Empty where nothing is gated.
 */
export function feedbackSources(graph: Graph): ReadonlyMap<number, readonly number[]> {
  const layers = new Map(graph.layers.map((layer) => [layer.id, layer]));
  const sources = new Map<number, readonly number[]>();
  for (const { id } of graph.layers) {
    const stage = MODULATOR.exec(id)?.[1];
    if (stage === undefined) continue;
    const found = new Set<number>();
    const seen = new Set<LayerId>([id]);
    // What is added while walking is walked too.
    for (const at of seen) {
      for (const input of layers.get(at)?.inputs ?? []) {
        if (passOf(input) === 1) found.add(Number(STAGE.exec(input)?.[1] ?? 0));
        else if (passOf(input) === 2) seen.add(input);
      }
    }
    sources.set(
      Number(stage),
      [...found].toSorted((a, b) => a - b),
    );
  }
  return sources;
}

/** Lowest and highest value a gate can take. */
export function gateRange(graph: Graph, gate: LayerId): readonly [number, number] {
  const layer = graph.layers.find(({ id }) => id === gate);
  if (layer?.op === 'activation') return layer.kind === 'tanh' ? [-1, 1] : [0, 1];
  return [0, 2];
}

/** Whether feedback comes down level by level (DIGNet), each level handing on to the one below. */
export function hasCascade(graph: Graph): boolean {
  return graph.layers.some(({ id }) => FEEDBACK.test(id));
}

/**
 * The structure that looks `passes` times: fewer passes are a prefix; more repeat the last one, with its batch-norm
 * statistics (no training has seen a later pass). The original stays valid.
 * Throws `NetworkError` for a network without passes, and for one of a single pass, which has no gates to repeat.
 */
export function withPassesGraph(graph: Graph, passes: number): Graph {
  const present = unrolledPasses(graph)?.length;
  if (present === undefined) throw new NetworkError('The network has no passes: it looks once, at its own pace.');
  if (!Number.isInteger(passes) || passes < 1)
    throw new NetworkError(`A network looks 1, 2, 3 ... times, not ${passes}.`);
  if (passes <= present) {
    const layers = graph.layers.filter(({ id }) => (passOf(id) ?? 1) <= passes);
    return { layers, outputs: graph.outputs.slice(0, passes) };
  }
  if (present === 1) throw new NetworkError('The network was built for one look and has no gates for a second.');
  const last = graph.layers.filter(({ id }) => passOf(id) === present);
  const lastOutput = graph.outputs.at(-1) ?? '';
  const more = Array.from({ length: passes - present }, (_, at) => at + 1);
  return {
    layers: [...graph.layers, ...more.flatMap((by) => last.map((layer) => inLaterPass(layer, by)))],
    outputs: [...graph.outputs, ...more.map((by) => later(lastOutput, by))],
  };
}

/** The same on a network; tensors of passes that go stay, unread. Throws as `withPassesGraph`. */
export function withPasses(network: Network, passes: number): Network {
  const { graph, tensors, meta } = network;
  if (unrolledPasses(graph)?.length === passes) return network;
  const record = { kind: 'passes', passes } as const;
  return { graph: withPassesGraph(graph, passes), tensors, meta: { ...meta, history: [...meta.history, record] } };
}

function inLaterPass(layer: Layer, by: number): Layer {
  return { ...layer, id: later(layer.id, by), inputs: layer.inputs.map((id) => later(id, by)) };
}

function later(id: LayerId, by: number): LayerId {
  const pass = passOf(id);
  return pass === undefined ? id : passPrefix(pass + by) + nameInPass(id);
}
