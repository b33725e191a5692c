/**
 * Prints a graph in the text form of `text.ts`, as short as it goes: what has its default is left out.
 */
import type { ActivationLayer, Graph, Layer, LayerId, Padding, Pair, WeightedLayer } from './graph';
import { shapeText } from './shapes';
import { automaticId } from './text';

/** The graph as text, one statement per layer; reading it back gives an equal graph. */
export function graphToText(graph: Graph, separator = ' / '): string {
  const counters = new Map<string, number>();
  let previous: LayerId | undefined;
  const lines = graph.layers.map((layer) => {
    const { op, settings } = describe(layer);
    const number = (counters.get(op) ?? 0) + 1;
    counters.set(op, number);
    const words = layer.id === automaticId(op, number) ? [op] : [quoted(layer.id), '=', op];
    words.push(...settings);
    const fromPrevious = layer.inputs.length === 1 && layer.inputs[0] === previous;
    if (layer.op !== 'input' && !fromPrevious) {
      words.push('<', ...layer.inputs.map((input) => (input === previous ? '.' : quoted(input))));
    }
    previous = layer.id;
    return words.join(' ');
  });
  const onlyLast = graph.outputs.length === 1 && graph.outputs[0] === previous;
  if (!onlyLast) lines.push(['output', '<', ...graph.outputs.map(quoted)].join(' '));
  return lines.join(separator);
}

interface Statement {
  readonly op: string;
  readonly settings: readonly string[];
}

function describe(layer: Layer): Statement {
  switch (layer.op) {
    case 'input':
      return { op: layer.op, settings: [shapeText(layer.shape)] };
    case 'conv': {
      const { dilation, groups } = layer;
      const extra = [...unless('d', pairText(dilation), '1'), ...unless('g', `${groups}`, '1'), ...weights(layer)];
      return { op: layer.op, settings: [`${layer.filters}`, ...window(layer), ...extra] };
    }
    case 'convTranspose': {
      const extra = [...unless('o', pairText(layer.outputPadding), '0'), ...weights(layer)];
      return { op: layer.op, settings: [`${layer.filters}`, ...window(layer), ...extra] };
    }
    case 'depthwise':
      return {
        op: layer.op,
        settings: [...window(layer), ...unless('d', pairText(layer.dilation), '1'), ...weights(layer)],
      };
    case 'dense':
      return { op: layer.op, settings: [`${layer.units}`, ...weights(layer)] };
    case 'batchNorm':
      return { op: 'bn', settings: batchNorm(layer) };
    case 'activation':
      return { op: layer.kind, settings: activationSettings(layer) };
    case 'prelu':
      return { op: layer.op, settings: tensorName('slope', layer.slope, layer.id) };
    case 'scale':
      return { op: layer.op, settings: [`${layer.factor}`, ...(layer.offset === 0 ? [] : [`offset=${layer.offset}`])] };
    case 'concat':
      return { op: layer.op, settings: layer.axis === undefined || layer.axis === 'channels' ? [] : [layer.axis] };
    case 'maxPool':
      return { op: layer.op, settings: window(layer) };
    case 'averagePool':
      return { op: layer.op, settings: [...window(layer), ...(layer.countPadding ? ['countPadding'] : [])] };
    case 'globalPool':
      return {
        op: layer.op,
        settings: [...(layer.mode === 'max' ? ['max'] : []), ...(layer.keepSpatial === true ? ['keepSpatial'] : [])],
      };
    case 'reshape':
      return { op: layer.op, settings: [shapeText(layer.shape)] };
    case 'pad': {
      const channels = unless('c', layer.channels.join(','), '0,0');
      return { op: layer.op, settings: [...unless('p', paddingText(layer.padding), '0'), ...channels] };
    }
    case 'slice':
      return {
        op: layer.op,
        settings: ([0, 1, 2] as const).map((axis) => {
          const stride = layer.stride[axis] === 1 ? '' : `:${layer.stride[axis]}`;
          return `${layer.begin[axis]}:${layer.end[axis]}${stride}`;
        }),
      };
    case 'gather':
      return { op: layer.op, settings: [layer.channels.join(',')] };
    case 'resize': {
      const mode = layer.mode === 'bilinear' ? ['bilinear'] : [];
      const grid = layer.grid === 'halfPixel' ? [] : [layer.grid];
      return { op: layer.op, settings: [pairText(layer.size), ...mode, ...grid] };
    }
    case 'softmax':
      return { op: layer.op, settings: layer.log === true ? ['log'] : [] };
    case 'opaque': {
      const payload = layer.payload === undefined ? [] : [`payload=${quoted(layer.payload)}`];
      const words = [quoted(layer.operator), shapeText(layer.shape), `reason=${JSON.stringify(layer.reason)}`];
      return { op: layer.op, settings: [...words, ...payload] };
    }
    default:
      return { op: layer.op, settings: [] };
  }
}

function window(layer: { kernelSize: Pair; stride: Pair; padding: Padding }): readonly string[] {
  return [
    layer.kernelSize.join('x'),
    ...unless('s', pairText(layer.stride), '1'),
    ...unless('p', paddingText(layer.padding), '0'),
  ];
}

function activationSettings({ slope, offset, min, max }: ActivationLayer): readonly string[] {
  return Object.entries({ slope, offset, min, max }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
}

function weights({ id, kernel, bias }: WeightedLayer): readonly string[] {
  const words = tensorName('kernel', kernel, id);
  if (bias === undefined) return words;
  return [...words, ...(bias === `${id}.bias` ? ['bias'] : [`bias=${quoted(bias)}`])];
}

function batchNorm(layer: Extract<Layer, { op: 'batchNorm' }>): readonly string[] {
  const { id, gamma, beta, mean, variance, epsilon } = layer;
  return [
    ...(gamma === undefined ? ['nogamma'] : tensorName('gamma', gamma, id)),
    ...(beta === undefined ? ['nobeta'] : tensorName('beta', beta, id)),
    ...tensorName('mean', mean, id),
    ...tensorName('variance', variance, id),
    ...(epsilon === 1e-5 ? [] : [`epsilon=${epsilon}`]),
  ];
}

function tensorName(role: string, name: string, id: LayerId): readonly string[] {
  return name === `${id}.${role}` ? [] : [`${role}=${quoted(name)}`];
}

function unless(letter: string, text: string, standard: string): readonly string[] {
  return text === standard ? [] : [letter + text];
}

function pairText([first, second]: Pair): string {
  return first === second ? `${first}` : `${first}x${second}`;
}

function paddingText([top, bottom, left, right]: Padding): string {
  return top === bottom && left === right ? pairText([top, left]) : [top, bottom, left, right].join(',');
}

/** Names that would not survive as one word are quoted like JSON strings. */
function quoted(name: string): string {
  return /^[^\s/=<"]+$/.test(name) && name !== '.' ? name : JSON.stringify(name);
}
