/**
 * What the tensors of a graph must look like: name, shape, role, and the layers that read them.
 */
import { NetworkError, type Graph, type Layer, type LayerId, type Shape, type TensorName } from './graph';
import { channelsOf, inferShapes, shapeText } from './shapes';

/** Trainable: kernel, bias, gamma, beta, slope. Running statistics: mean, variance. */
export type TensorRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'slope' | 'mean' | 'variance';

export interface ExpectedTensor {
  readonly name: TensorName;
  readonly role: TensorRole;
  readonly shape: readonly number[];
  /** In forward order; more than one when the tensor is shared. */
  readonly layers: readonly LayerId[];
}

/** Whether training changes the tensor (running statistics follow the data instead). */
export function isTrainable(role: TensorRole): boolean {
  return role !== 'mean' && role !== 'variance';
}

/** The tensors one layer reads when its input has shape `input`: kernel before bias, gamma before beta. */
export function layerTensors(layer: Layer, input: Shape): readonly Omit<ExpectedTensor, 'layers'>[] {
  const tensors: Omit<ExpectedTensor, 'layers'>[] = [];
  const expect = (role: TensorRole, name: TensorName | undefined, shape: readonly number[]): void => {
    if (name !== undefined) tensors.push({ name, role, shape });
  };
  const channels = channelsOf(input);
  switch (layer.op) {
    case 'conv':
      expect('kernel', layer.kernel, [...layer.kernelSize, channels / layer.groups, layer.filters]);
      expect('bias', layer.bias, [layer.filters]);
      break;
    case 'convTranspose':
      expect('kernel', layer.kernel, [...layer.kernelSize, layer.filters, channels]);
      expect('bias', layer.bias, [layer.filters]);
      break;
    case 'depthwise':
      expect('kernel', layer.kernel, [...layer.kernelSize, channels, 1]);
      expect('bias', layer.bias, [channels]);
      break;
    case 'dense':
      expect('kernel', layer.kernel, [channels, layer.units]);
      expect('bias', layer.bias, [layer.units]);
      break;
    case 'batchNorm':
      expect('gamma', layer.gamma, [channels]);
      expect('beta', layer.beta, [channels]);
      expect('mean', layer.mean, [channels]);
      expect('variance', layer.variance, [channels]);
      break;
    case 'prelu':
      expect('slope', layer.slope, [channels]);
      break;
    default:
      break;
  }
  return tensors;
}

/**
 * Every tensor the graph names, in forward order. Throws `NetworkError` where two layers share a tensor but need
 * different shapes or roles of it.
 */
export function expectedTensors(
  graph: Graph,
  shapes: ReadonlyMap<LayerId, Shape> = inferShapes(graph),
): ReadonlyMap<TensorName, ExpectedTensor> {
  const expected = new Map<TensorName, ExpectedTensor>();
  for (const layer of graph.layers) {
    const input = shapes.get(layer.inputs[0] ?? '');
    if (input === undefined) continue;
    for (const tensor of layerTensors(layer, input)) {
      const known = expected.get(tensor.name);
      if (known !== undefined && (known.role !== tensor.role || shapeText(known.shape) !== shapeText(tensor.shape))) {
        const uses = `${known.role} ${shapeText(known.shape)} in "${known.layers[0]}"`;
        const also = `${tensor.role} ${shapeText(tensor.shape)} in "${layer.id}"`;
        throw new NetworkError(`Tensor "${tensor.name}" cannot be ${uses} and ${also}.`, layer.id);
      }
      expected.set(tensor.name, { ...tensor, layers: [...(known?.layers ?? []), layer.id] });
    }
  }
  return expected;
}
