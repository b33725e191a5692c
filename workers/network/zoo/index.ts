/**
 * The zoo: networks built from a name, a width list and a seed. All take 32x32x3 images and end in logits.
 *
 * To add a family: one file with its graph, one line in `families`.
 */
import { createRandom } from '../../linalg/random';
import type { Graph, Network } from '../graph';
import { initialTensors } from '../initialise';
import { denseNet40Graph } from './densenet';
import { mobileNetV2Graph } from './mobilenet';
import { resNetGraph, type Shortcut } from './resnet';
import { vgg16Graph } from './vgg';

export type Architecture = 'resnet8' | 'resnet20' | 'resnet32' | 'resnet56' | 'vgg16' | 'densenet40' | 'mobilenetv2';

export interface ZooOptions {
  readonly architecture: Architecture;
  /** ResNets only; others ignore it. Default `identity` (option A). */
  readonly shortcut?: Shortcut | undefined;
  /** One number per stage or one per convolution, see the family's file; the published widths when absent. */
  readonly widths?: readonly number[] | undefined;
  /** Default 10. */
  readonly classes?: number | undefined;
}

interface FamilyOptions {
  readonly shortcut: Shortcut;
  readonly widths?: readonly number[] | undefined;
  readonly classes: number;
}

interface Family {
  readonly name: string;
  graph(options: FamilyOptions): Graph;
}

const families: Readonly<Record<Architecture, Family>> = {
  resnet8: { name: 'ResNet-8', graph: (options) => resNetGraph({ ...options, depth: 8 }) },
  resnet20: { name: 'ResNet-20', graph: (options) => resNetGraph({ ...options, depth: 20 }) },
  resnet32: { name: 'ResNet-32', graph: (options) => resNetGraph({ ...options, depth: 32 }) },
  resnet56: { name: 'ResNet-56', graph: (options) => resNetGraph({ ...options, depth: 56 }) },
  vgg16: { name: 'VGG-16-BN', graph: vgg16Graph },
  densenet40: { name: 'DenseNet-40', graph: denseNet40Graph },
  mobilenetv2: { name: 'MobileNetV2', graph: mobileNetV2Graph },
};

/** The structure alone. Throws `NetworkError` for widths that do not fit the family. */
export function buildZooGraph(options: ZooOptions): Graph {
  const { architecture, shortcut = 'identity', widths, classes = 10 } = options;
  return families[architecture].graph({ shortcut, widths, classes });
}

/** An untrained network, initialised from `seed` (see `initialTensors`). Throws as `buildZooGraph`. */
export function buildZooNetwork({ seed, ...options }: ZooOptions & { readonly seed: number }): Network {
  const graph = buildZooGraph(options);
  const tensors = initialTensors(graph, createRandom(seed));
  return { graph, tensors, meta: { name: families[options.architecture].name, history: [] } };
}
