/** Gated networks and images for tests: lively gates, so that every pass answers differently. */
import { createRandom } from '../../../linalg/random';
import type { Network, Tensor, TensorName } from '../../graph';
import { buildGatedNetwork, type GatedOptions } from './index';

/** `shallow` on 16 x 16 images, every tensor moved away from zero and one; running variances stay positive. */
export function tinyGated(options: Partial<GatedOptions> & { readonly passes: number }, seed = 3): Network {
  const network = buildGatedNetwork({ backbone: 'shallow', image: [16, 16], seed, ...options });
  const random = createRandom(seed);
  return withTensors(network, (name, { shape, values }) => {
    const stream = random.fork(`${name} moved`);
    const deviation = name.endsWith('.kernel') ? 0.15 : 0.3;
    if (name.includes('.variance')) return { shape, values: values.map(() => stream.uniform(0.5, 1.5)) };
    return { shape, values: values.map((value) => value + stream.normal(0, deviation)) };
  });
}

/** The network with every tensor replaced by `change(name, tensor)`; undefined keeps it. */
export function withTensors(
  network: Network,
  change: (name: TensorName, tensor: Tensor) => Tensor | undefined,
): Network {
  const entries = Object.entries(network.tensors).map(
    ([name, tensor]) => [name, change(name, tensor) ?? tensor] as const,
  );
  return { ...network, tensors: Object.fromEntries(entries) };
}

/** Every tensor whose name matches, filled with one number. */
export function filled(network: Network, names: RegExp, value: number): Network {
  return withTensors(network, (name, { shape, values }) =>
    names.test(name) ? { shape, values: new Float32Array(values.length).fill(value) } : undefined,
  );
}

/** Running statistics of all passes made those of the first. */
export function withEqualBanks(network: Network): Network {
  return withTensors(network, (name) => network.tensors[name.replace(/\.pass\d+$/, '.pass1')]);
}

export function gatedImages(count: number, side = 16, seed = 5): { shape: number[]; values: Float32Array } {
  const random = createRandom(seed);
  const values = Float32Array.from({ length: count * side * side * 3 }, () => random.normal(0.1, 1));
  return { shape: [count, side, side, 3], values };
}
