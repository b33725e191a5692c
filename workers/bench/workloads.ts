/** What the benchmark measures: one SGD step of known networks on pictures of noise. */
import { createRandom } from '../linalg/random';
import type { Network } from '../network/graph';
import { buildZooNetwork, type Architecture } from '../network/zoo';

/** What is measured unless others are asked for. */
export const usualWorkloads = ['resnet8-b32', 'resnet8-b128', 'resnet20-b128'] as const;
/** With those only the studio itself runs: jax-js, stock tfjs and PyTorch are given ResNets alone. */
export const workloadNames = [...usualWorkloads, 'mobilenetv2-b16', 'vgg16-b16'] as const;
export type WorkloadName = (typeof workloadNames)[number];

export interface Workload {
  readonly architecture: Architecture;
  readonly batch: number;
}

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  'resnet8-b32': { architecture: 'resnet8', batch: 32 },
  'resnet8-b128': { architecture: 'resnet8', batch: 128 },
  'resnet20-b128': { architecture: 'resnet20', batch: 128 },
  'mobilenetv2-b16': { architecture: 'mobilenetv2', batch: 16 },
  'vgg16-b16': { architecture: 'vgg16', batch: 16 },
};

/** Square pictures of three channels, as the networks of the zoo take them. */
export const imageSize = 32;
export const classes = 10;

/** ResNets have widths 16-32-64 and 1x1 shortcuts with batch norm; the others their published widths. */
export function workloadNetwork({ architecture }: Workload): Network {
  return buildZooNetwork({ architecture, shortcut: 'projection', seed: 1 });
}

/** Noise, `[batch, 32, 32, 3]`. */
export function workloadImages({ batch }: Workload): Float32Array {
  const random = createRandom(2);
  return Float32Array.from({ length: batch * imageSize * imageSize * 3 }, () => random.uniform(-1, 1));
}

/** One-hot, `[batch, 10]`: the classes in turn. */
export function workloadLabels({ batch }: Workload): Float32Array {
  return Float32Array.from({ length: batch * classes }, (_, at) =>
    Math.floor(at / classes) % classes === at % classes ? 1 : 0,
  );
}
