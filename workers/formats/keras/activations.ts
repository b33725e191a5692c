/** Keras activations by name, as layers. */
import type { ActivationLayer, LayerId, Layer } from '../../network/graph';
import { NotUnderstood } from '../network-draft';

/** Keras 2 and TF.js, or Keras 3: one name changed its meaning between them. */
export type KerasDialect = 'keras2' | 'keras3' | 'tfjs';

type ActivationFields = Omit<ActivationLayer, 'id' | 'inputs' | 'op'>;

const kinds: Readonly<Record<string, ActivationFields>> = {
  relu: { kind: 'relu' },
  relu6: { kind: 'relu6' },
  sigmoid: { kind: 'sigmoid' },
  tanh: { kind: 'tanh' },
  elu: { kind: 'elu' },
  softplus: { kind: 'softplus' },
  swish: { kind: 'swish' },
  silu: { kind: 'swish' },
  hardswish: { kind: 'hardSwish' },
  hardsilu: { kind: 'hardSwish' },
  gelu: { kind: 'gelu' },
  // As an activation, not as a layer: tf.nn.leaky_relu has 0.2.
  leakyrelu: { kind: 'leakyRelu', slope: 0.2 },
};

/**
 * The layer an activation name means; undefined for the linear one. `hard_sigmoid` is 0.2 x + 0.5 in Keras 2 and TF.js,
 * x / 6 + 0.5 since Keras 3. Throws `NotUnderstood`.
 */
export function activationLayer(name: string, dialect: KerasDialect, id: LayerId, input: LayerId): Layer | undefined {
  const plain = name.replaceAll('_', '').toLowerCase();
  if (plain === 'linear') return undefined;
  if (plain === 'softmax') return { op: 'softmax', id, inputs: [input] };
  if (plain === 'logsoftmax') return { op: 'softmax', id, inputs: [input], log: true };
  if (plain === 'hardsigmoid') {
    const slope = dialect === 'keras3' ? 1 / 6 : 0.2;
    return { op: 'activation', id, inputs: [input], kind: 'hardSigmoid', slope, offset: 0.5 };
  }
  const fields = Object.hasOwn(kinds, plain) ? kinds[plain] : undefined;
  if (fields === undefined) throw new NotUnderstood(`The activation "${name}" has no layer here.`);
  return { op: 'activation', id, inputs: [input], ...fields };
}
