/**
 * Networks that look again: T passes over one image with shared weights, each gated by the one before, one answer a
 * pass. Unrolled, so that costs, coupling, surgery, export and drawing see an ordinary graph.
 *
 * Layers of pass t are called `pass<t>.<name>`, and so is what pass t computes from pass t - 1 (feedback and gates);
 * the stem stands before all passes. Bilinear resizing is on the half-pixel grid: a low-resolution gate then lies
 * centred over the features it came from (the asymmetric grid shifts it by up to half a cell), it is what the
 * measured tables of docs/results.md use, and both ONNX and PyTorch have it.
 */
import { createRandom } from '../../../linalg/random';
import type { Graph, LayerId, Network, Tensor, TensorName } from '../../graph';
import { initialTensors } from '../../initialise';
import { GraphBuilder } from '../builder';
import { backboneWriter, type BackboneWriter, type Feature } from './backbones';
import { feedbackSignals, modulated, type PassFeatures } from './feedback';
import { gatingPlan, type GatedOptions, type GatingPlan } from './options';

export type { GatedOptions } from './options';

/** The structure alone, one output a pass. Throws `NetworkError` for options that contradict each other. */
export function gatedGraph(options: GatedOptions): Graph {
  const plan = gatingPlan(options);
  const writer = backboneWriter(plan.backbone);
  const net = new GraphBuilder();
  const stem = writer.stem(net, net.input([...plan.image, 3]), plan.image);
  const answers: LayerId[] = [];
  let before: PassFeatures | null = null;
  for (let pass = 1; pass <= plan.passes; pass++) {
    net.inPass(pass, plan.statistics === 'shared' ? 1 : pass);
    const signals = before === null ? null : feedbackSignals(net, plan, before);
    const stages = sweep(net, plan, writer, stem, signals);
    const { logits, answer } = writer.head(net, stages.at(-1) ?? stem, plan.classes, plan.image);
    answers.push(answer);
    before = { stages, logits };
  }
  return net.finish(...answers);
}

/** One pass from the stem up; `signals` null = nothing is gated. */
function sweep(
  net: GraphBuilder,
  plan: GatingPlan,
  writer: BackboneWriter,
  stem: Feature,
  signals: readonly Feature[] | null,
): readonly Feature[] {
  const outputs: Feature[] = [];
  let last = stem;
  writer.stages.forEach((writeStage, index) => {
    const signal = plan.stages.includes(index + 1) ? signals?.[index] : undefined;
    const gated = (feature: Feature): Feature =>
      signal === undefined ? feature : modulated(net, plan, index + 1, feature, signal);
    last = plan.position === 'input' ? writeStage(net, gated(last)) : gated(writeStage(net, last));
    outputs.push(last);
  });
  return outputs;
}

/**
 * An untrained gated network: kernels as in the zoo, but modulators and self-gating propagators start at 0. With
 * `sigmoid2` every gate is then 1, and all passes answer alike. Throws as `gatedGraph`.
 */
export function buildGatedNetwork({ seed, ...options }: GatedOptions & { readonly seed: number }): Network {
  const graph = gatedGraph(options);
  const tensors: Record<TensorName, Tensor> = { ...initialTensors(graph, createRandom(seed)) };
  const selfGated = (options.propagator ?? 'selfGate') === 'selfGate';
  const atZero = selfGated ? /^stage\d+\.(gate|propagator)\.conv\.kernel$/ : /^stage\d+\.gate\.conv\.kernel$/;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (atZero.test(name)) tensors[name] = { shape, values: new Float32Array(values.length) };
  }
  return { graph, tensors, meta: { name: gatedName(options), history: [] } };
}

const routingTitles = { top: 'RIGNet', cascade: 'DIGNet', self: 'Self-gated', above: 'Gated from above' } as const;

/** "DIGNet shallow, 3 looks"; "Feed-forward shallow". */
export function gatedName({ backbone, passes = 1, routing = 'cascade' }: GatedOptions): string {
  return passes === 1 ? `Feed-forward ${backbone}` : `${routingTitles[routing]} ${backbone}, ${passes} looks`;
}
