/** The order of a network's input channels, turned in the kernels that read them: the same function of images whose channels are turned. */
import { type Network, NetworkError, type TensorName, type Tensor } from './graph';
import { expectedTensors } from './tensor-shapes';

/**
 * The network for images whose channels stand in the opposite order (BGR for RGB): the kernels of all convolutions at the
 * input get their slices turned around. Throws `NetworkError` where something else reads the input.
 */
export function withTurnedInput({ graph, tensors, meta }: Network): Network {
  const input = graph.layers.find((layer) => layer.op === 'input');
  const readers = graph.layers.filter((layer) => input !== undefined && layer.inputs.includes(input.id));
  const expected = expectedTensors(graph);
  const turned: Record<TensorName, Tensor> = {};
  for (const layer of readers) {
    const shared = layer.op === 'conv' && (expected.get(layer.kernel)?.layers.length ?? 0) > 1;
    if (layer.op !== 'conv' || layer.groups !== 1 || shared) {
      const text = `The order of the input's channels cannot be turned: "${layer.id}" (${layer.op}) reads it.`;
      throw new NetworkError(text, layer.id);
    }
    const kernel = tensors[layer.kernel];
    if (kernel !== undefined) turned[layer.kernel] = turnedSlices(kernel);
  }
  return { graph, meta, tensors: { ...tensors, ...turned } };
}

/** `[kh, kw, cin, filters]` with its input channels in the opposite order. */
function turnedSlices({ shape, values }: Tensor): Tensor {
  const [channels = 1, filters = 1] = shape.slice(2);
  const turned = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += filters) {
    const channel = (at / filters) % channels;
    const from = at + (channels - 1 - 2 * channel) * filters;
    turned.set(values.subarray(from, from + filters), at);
  }
  return { shape, values: turned };
}
