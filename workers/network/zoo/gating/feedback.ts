/**
 * What one pass hands to the next: the feedback of every level, and the gates made of it.
 *
 * With s_i the output of stage i in the pass before, the signal f_i at level i is
 *
 *     top      s_L, or the logits             above    s_{i+1} (s_L at the top)
 *     self     s_i                            cascade  f_L = s_L,  f_i = R(P_i f_{i+1}) * phi(Q_i s_i)
 *
 * (P_i a 1x1 convolution to the channels of level i, Q_i the propagator, R a resize to its size), and the gate of stage i
 * is phi(R(M_i f_i)) with the modulator M_i. Gate convolutions have a bias and no batch norm, and run at the resolution
 * of what they read.
 */
import type { LayerId, Pair } from '../../graph';
import type { GraphBuilder } from '../builder';
import type { Feature } from './backbones';
import type { GatingPlan } from './options';

/** What a pass leaves for the next one. */
export interface PassFeatures {
  /** `stages[i - 1]` = output of stage i. */
  readonly stages: readonly Feature[];
  readonly logits: Feature;
}

/** The signals f_1 ... f_L; levels below the lowest gated stage get none. */
export function feedbackSignals(net: GraphBuilder, plan: GatingPlan, before: PassFeatures): readonly Feature[] {
  const { stages, logits } = before;
  switch (plan.routing) {
    case 'self':
      return stages;
    case 'above':
      return stages.map((own, at) => stages[at + 1] ?? own);
    case 'top': {
      const top = plan.feedback === 'logits' ? logits : stages.at(-1);
      return top === undefined ? [] : stages.map(() => top);
    }
    case 'cascade':
      return cascade(net, plan, stages);
  }
}

function cascade(net: GraphBuilder, plan: GatingPlan, stages: readonly Feature[]): readonly Feature[] {
  const signals = [...stages];
  for (let level = stages.length - 1; level >= Math.min(...plan.stages); level--) {
    const [own, above] = [stages[level - 1], signals[level]];
    if (own === undefined || above === undefined) continue;
    const id = `stage${level}`;
    const translated = net.conv(`${id}.feedback.conv`, above.layer, own.channels, { size: 1, bias: true });
    const signal = resized(net, `${id}.feedback.resize`, translated, above.size, own.size);
    signals[level - 1] = { ...own, layer: propagated(net, plan, id, own, signal) };
  }
  return signals;
}

function propagated(net: GraphBuilder, plan: GatingPlan, id: string, own: Feature, signal: LayerId): LayerId {
  const propagator = `${id}.propagator`;
  switch (plan.propagator) {
    case 'selfGate': {
      const local = gateConv(net, plan, propagator, own.layer, own.channels);
      return net.multiply(`${id}.feedback`, signal, gate(net, plan, propagator, local));
    }
    case 'feedbackGate': {
      const local = net.conv(`${propagator}.conv`, own.layer, own.channels, { size: 1, bias: true });
      const features = net.activation(`${propagator}.relu`, local);
      return net.multiply(`${id}.feedback`, features, gate(net, plan, propagator, signal));
    }
    case 'sum': {
      const local = net.conv(`${propagator}.conv`, own.layer, own.channels, { size: 1, bias: true });
      return net.add(`${id}.feedback`, [signal, local]);
    }
    case 'noGate':
      return signal;
  }
}

/** `feature` as stage `stage` gates it by `signal`. */
export function modulated(
  net: GraphBuilder,
  plan: GatingPlan,
  stage: number,
  feature: Feature,
  signal: Feature,
): Feature {
  const id = `stage${stage}.gate`;
  const pooled = plan.granularity === 'channel';
  const source = pooled ? net.channelMeans(`${id}.pool`, signal.layer) : signal.layer;
  const filters = plan.granularity === 'spatial' ? 1 : feature.channels;
  const conv = pooled
    ? net.conv(`${id}.conv`, source, filters, { size: 1, bias: true })
    : gateConv(net, plan, id, source, filters);
  const z = pooled ? conv : resized(net, `${id}.resize`, conv, signal.size, feature.size);
  const layer =
    plan.combine === 'add'
      ? net.add(`stage${stage}.gated`, [feature.layer, z])
      : net.multiply(`stage${stage}.gated`, feature.layer, gate(net, plan, id, z));
  return { ...feature, layer };
}

/** The convolution of a gate or propagator, `<id>.conv`; separable, `<id>.depthwise` stands before it. */
function gateConv(
  net: GraphBuilder,
  { kernel, separable }: GatingPlan,
  id: string,
  from: LayerId,
  filters: number,
): LayerId {
  if (!separable) return net.conv(`${id}.conv`, from, filters, { size: kernel, bias: true });
  const spread = net.depthwise(`${id}.depthwise`, from, { size: kernel });
  return net.conv(`${id}.conv`, spread, filters, { size: 1, bias: true });
}

/** phi(z), as the layer called `id`. Frozen gates are held at 1, but cost what gates cost. */
function gate(net: GraphBuilder, { activation, combine }: GatingPlan, id: string, z: LayerId): LayerId {
  if (combine === 'frozen') return net.scale(id, z, 0, 1);
  switch (activation) {
    case 'sigmoid2':
      return net.scale(id, net.activation(`${id}.sigmoid`, z, 'sigmoid'), 2, 0);
    case 'sigmoid':
      return net.activation(id, z, 'sigmoid');
    case 'onePlusTanh':
      return net.scale(id, net.activation(`${id}.tanh`, z, 'tanh'), 1, 1);
    case 'tanh':
      return net.activation(id, z, 'tanh');
  }
}

function resized(net: GraphBuilder, id: string, from: LayerId, size: Pair, wanted: Pair): LayerId {
  return size[0] === wanted[0] && size[1] === wanted[1] ? from : net.resize(id, from, wanted);
}
