/** Layers without modules as expressions of PyTorch's `forward`. */
import type { Layer, LayerId, Shape } from '../../network/graph';
import type { FormatError } from '../format-error';

/** What the source calls things. */
export interface Names {
  /** The variable that holds a layer's output. */
  of(id: LayerId | undefined): string;
  shape(id: LayerId | undefined): Shape;
  /** Whether a flatten is written with channels first, as PyTorch has images. */
  inPyTorchOrder(flatten: LayerId): boolean;
  unsupported(layer: Layer, what: string): FormatError;
}

export function pair([first, second]: readonly [number, number]): string {
  return first === second ? String(first) : `(${first}, ${second})`;
}

/** Throws `FormatError` for a layer that PyTorch has no word for. */
export function expression(names: Names, layer: Layer, x: string, shape: Shape): string {
  const all = layer.inputs.map((id) => names.of(id));
  const spatial = shape.length === 3;
  switch (layer.op) {
    case 'activation':
      return activation(layer, x);
    case 'scale':
      return `${layer.factor === 1 ? x : `${x} * ${layer.factor}`}${layer.offset === 0 ? '' : ` + ${layer.offset}`}`;
    case 'add':
      return all.join(' + ');
    case 'multiply': {
      const [, second] = layer.inputs;
      const vector = names.shape(second).length === 1 && spatial;
      return `${x} * ${all[1]}${vector ? '[:, :, None, None]' : ''}`;
    }
    case 'concat':
      return `torch.cat([${all.join(', ')}], ${layer.axis === 'height' ? 2 : layer.axis === 'width' ? 3 : 1})`;
    case 'globalPool': {
      const keep = layer.keepSpatial === true ? ', keepdim=True' : '';
      return layer.mode === 'average' ? `${x}.mean((2, 3)${keep})` : `${x}.amax((2, 3)${keep})`;
    }
    case 'flatten':
      // Where only dense layers read it, their weights are turned to PyTorch's order of pixels instead.
      return names.inPyTorchOrder(layer.id) || !spatial ? `${x}.flatten(1)` : `${x}.permute(0, 2, 3, 1).flatten(1)`;
    case 'reshape': {
      const rows = spatial ? `${x}.permute(0, 2, 3, 1)` : x;
      const [height, width, depth] = layer.shape;
      return layer.shape.length === 1
        ? `${rows}.flatten(1)`
        : `${rows}.reshape(-1, ${height}, ${width}, ${depth}).permute(0, 3, 1, 2)`;
    }
    case 'pad': {
      const [top, bottom, left, right] = layer.padding;
      return `F.pad(${x}, (${[left, right, top, bottom, ...layer.channels].join(', ')}))`;
    }
    case 'slice': {
      const range = (axis: 0 | 1 | 2) =>
        `${layer.begin[axis]}:${layer.end[axis]}${layer.stride[axis] === 1 ? '' : `:${layer.stride[axis]}`}`;
      return `${x}[:, ${range(2)}, ${range(0)}, ${range(1)}]`;
    }
    case 'gather': {
      const groups = spatial ? shuffleGroups(layer.channels, shape.at(-1) ?? 0) : undefined;
      return groups === undefined ? `${x}[:, [${layer.channels.join(', ')}]]` : `F.channel_shuffle(${x}, ${groups})`;
    }
    case 'resize': {
      const size = `size=${pair(layer.size)}`;
      if (layer.mode === 'nearest' && layer.grid === 'asymmetric')
        return `F.interpolate(${x}, ${size}, mode='nearest')`;
      if (layer.mode === 'nearest' && layer.grid === 'halfPixel')
        return `F.interpolate(${x}, ${size}, mode='nearest-exact')`;
      if (layer.mode === 'bilinear' && layer.grid !== 'asymmetric') {
        return `F.interpolate(${x}, ${size}, mode='bilinear', align_corners=${layer.grid === 'alignCorners' ? 'True' : 'False'})`;
      }
      throw names.unsupported(layer, 'the grid it resizes on');
    }
    case 'softmax':
      return layer.log === true ? `${x}.log_softmax(1)` : `${x}.softmax(1)`;
    default:
      throw names.unsupported(layer, layer.op === 'opaque' ? `it was not understood (${layer.operator})` : layer.op);
  }
}

/** Groups of the channel shuffle that a list of channels is; undefined where it is none. */
function shuffleGroups(channels: readonly number[], width: number): number | undefined {
  const perGroup = channels[1] ?? 0;
  const groups = width / perGroup;
  if (channels.length !== width || !Number.isInteger(groups) || groups < 2) return undefined;
  const shuffled = channels.every((channel, at) => channel === (at % groups) * perGroup + Math.floor(at / groups));
  return shuffled ? groups : undefined;
}

function activation(layer: Extract<Layer, { op: 'activation' }>, x: string): string {
  switch (layer.kind) {
    case 'relu':
    case 'relu6':
    case 'elu':
    case 'softplus':
    case 'gelu':
      return `F.${layer.kind}(${x})`;
    case 'leakyRelu':
      return `F.leaky_relu(${x}, ${layer.slope ?? 0.01})`;
    case 'hardSwish':
      return `F.hardswish(${x})`;
    case 'swish':
      return `F.silu(${x})`;
    case 'sigmoid':
    case 'tanh':
      return `torch.${layer.kind}(${x})`;
    case 'hardSigmoid':
      return `(${x} * ${layer.slope ?? 1 / 6} + ${layer.offset ?? 0.5}).clamp(0, 1)`;
    case 'clip':
      return `${x}.clamp(${layer.min ?? 'None'}, ${layer.max ?? 'None'})`;
  }
}
