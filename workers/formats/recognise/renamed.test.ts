/** Checkpoints in names whose library is not here: a network of the zoo under those names is that network again. */
import { describe, expect, it } from 'vitest';
import type { Layer, Network, Tensor } from '../../network/graph';
import { runReference } from '../../network/reference';
import { buildZooNetwork } from '../../network/zoo';
import { maxAbsDifference } from '../proof';
import { openNetworkFiles } from '../index';
import { writeSafetensors } from '../safetensors';

/** A MobileNetV2 of the zoo with the strides it has for 224 pixels, and PyTorch's padding of strided windows. */
function forLargeImages({ graph, ...rest }: Network): Network {
  const strided = new Set(['stem', 'stage2.block1.depthwise', 'stage3.block1.depthwise', 'stage4.block1.depthwise']);
  strided.add('stage6.block1.depthwise');
  const layers = graph.layers.map((layer): Layer => {
    if (layer.op === 'input') return { ...layer, shape: [224, 224, 3] };
    if ((layer.op !== 'conv' && layer.op !== 'depthwise') || !strided.has(layer.id)) return layer;
    return { ...layer, stride: [2, 2], padding: [1, 1, 1, 1] };
  });
  return { ...rest, graph: { layers, outputs: graph.outputs } };
}

/** PyTorch's layout of a kernel `[kh, kw, cin, cout]`, by the definition: output, input, row, column. */
function inPyTorch({ shape, values }: Tensor, depthwise: boolean): Tensor {
  if (shape.length === 1) return { shape, values };
  const [rows = 1, columns = 1, inputs = 1, outputs = 1] = shape.length === 2 ? [1, 1, ...shape] : shape;
  const at = (row: number, column: number, input: number, output: number) =>
    values[((row * columns + column) * inputs + input) * outputs + output] ?? NaN;
  const found: number[] = [];
  const [first, second] = depthwise ? [inputs, outputs] : [outputs, inputs];
  for (let a = 0; a < first; a++)
    for (let b = 0; b < second; b++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          found.push(depthwise ? at(row, column, a, b) : at(row, column, b, a));
  const sizes = shape.length === 2 ? [outputs, inputs] : [first, second, rows, columns];
  return { shape: sizes, values: Float32Array.from(found) };
}

const roles = { gamma: 'weight', beta: 'bias', mean: 'running_mean', variance: 'running_var' } as const;

/** The state dict of a network whose modules are called as `moduleOf` says. */
function stateDict({ graph, tensors }: Network, moduleOf: (layer: string) => string): Record<string, Tensor> {
  const found: Record<string, Tensor> = {};
  const put = (name: string, tensor: string | undefined, depthwise = false): void => {
    const given = tensor === undefined ? undefined : tensors[tensor];
    if (given !== undefined) found[name] = inPyTorch(given, depthwise);
  };
  for (const layer of graph.layers) {
    if (layer.op === 'conv' || layer.op === 'depthwise' || layer.op === 'dense') {
      put(`${moduleOf(layer.id)}.weight`, layer.kernel, layer.op === 'depthwise');
      put(`${moduleOf(layer.id)}.bias`, layer.bias);
    } else if (layer.op === 'batchNorm') {
      for (const role of ['gamma', 'beta', 'mean', 'variance'] as const)
        put(`${moduleOf(layer.id)}.${roles[role]}`, layer[role]);
    }
  }
  return found;
}

/** "stage3.block2.expand.bn" as timm calls it: "blocks.2.1.bn1". */
function timmName(id: string): string {
  const [, stage, block, part = '', norm] = /^stage(\d)\.block(\d)\.(\w+)(\.bn)?$/.exec(id) ?? [];
  if (stage === undefined) {
    return { stem: 'conv_stem', 'stem.bn': 'bn1', head: 'conv_head', 'head.bn': 'bn2' }[id] ?? id;
  }
  // The first stage has no expansion: its projection is the pointwise convolution.
  const parts = stage === '1' ? ['depthwise', 'project'] : ['expand', 'depthwise', 'project'];
  const names = stage === '1' ? ['conv_dw', 'conv_pw'] : ['conv_pw', 'conv_dw', 'conv_pwl'];
  const place = parts.indexOf(part);
  return `blocks.${Number(stage) - 1}.${Number(block) - 1}.${norm === undefined ? names[place] : `bn${place + 1}`}`;
}

/** "stage3.block2.expand.bn" as torchvision calls it: "features.5.conv.0.1". */
function torchvisionName(id: string): string {
  const [, stage, block, part = '', norm] = /^stage(\d)\.block(\d)\.(\w+)(\.bn)?$/.exec(id) ?? [];
  if (stage === undefined) {
    const plain = {
      stem: 'features.0.0',
      'stem.bn': 'features.0.1',
      head: 'features.18.0',
      'head.bn': 'features.18.1',
    };
    return { ...plain, classifier: 'classifier.1' }[id] ?? id;
  }
  const before = [0, 1, 3, 6, 10, 13, 16][Number(stage) - 1] ?? 0;
  const prefix = `features.${before + Number(block)}.conv`;
  const parts = stage === '1' ? ['depthwise', 'project'] : ['expand', 'depthwise', 'project'];
  const place = parts.indexOf(part);
  // Only the projection has its batch norm beside it; the others stand in a sequence of three.
  if (part === 'project') return `${prefix}.${place + (norm === undefined ? 0 : 1)}`;
  return `${prefix}.${place}.${norm === undefined ? 0 : 1}`;
}

async function opened(tensors: Record<string, Tensor>) {
  return openNetworkFiles([new File([writeSafetensors(tensors)], 'net.safetensors')]);
}

const widths = [4, 2, 3, 4, 5, 4, 6, 5, 8];
const network = forLargeImages(buildZooNetwork({ architecture: 'mobilenetv2', widths, classes: 3, seed: 6 }));

describe('MobileNetV2 under the names of', () => {
  it.each([
    ['timm', timmName],
    ['torchvision', torchvisionName],
  ])('%s', async (library, moduleOf) => {
    const { network: found, notes } = await opened(stateDict(network, moduleOf));
    expect(notes[0]).toBe(`Recognised by its tensor names: MobileNetV2 of ${library}, for images of 224x224 pixels.`);
    const shape = [1, 224, 224, 3];
    const values = Float32Array.from({ length: 224 * 224 * 3 }, (_, at) => Math.sin(at));
    const [ours] = runReference(found, { shape, values }).outputs;
    const [expected] = runReference(network, { shape, values }).outputs;
    expect(Math.max(...(expected?.values ?? []).map(Math.abs))).toBeGreaterThan(1e-3);
    expect(maxAbsDifference(ours?.values ?? [], expected?.values ?? [])).toBeLessThan(1e-9);
  });

  it('timm, but with a gate in a block or a larger kernel: another network of that family, which is not known', async () => {
    const names = stateDict(network, timmName);
    const gate = { 'blocks.1.0.se.conv_reduce.weight': { shape: [1, 12, 1, 1], values: new Float32Array(12) } };
    await expect(opened({ ...names, ...gate })).rejects.toThrow('of no architecture known here');
    const kernel = { 'blocks.1.0.conv_dw.weight': { shape: [12, 1, 5, 5], values: new Float32Array(300) } };
    await expect(opened({ ...names, ...kernel })).rejects.toThrow('of no architecture known here');
  });
});
