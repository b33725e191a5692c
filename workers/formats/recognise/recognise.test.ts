/** Slim networks of torchvision and of common CIFAR dialects, saved and run by PyTorch (`fixtures/make-networks.py`). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../network/graph';
import { runReference } from '../../network/reference';
import { FormatError } from '../format-error';
import { openNetworkFiles } from '../index';
import { readCheckpoint } from '../pytorch';
import { writeSafetensors } from '../safetensors';

function fixture(name: string): Buffer<ArrayBuffer> {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

const answers: Record<string, readonly number[]> = JSON.parse(fixture('answers.json').toString());

describe('checkpoints are recognised by names and shapes, and answer as in PyTorch', () => {
  it.each([
    ['resnet-basic', 'ResNet-18', 224],
    ['resnet-bottleneck', 'ResNet', 224],
    ['resnext', 'ResNet', 224],
    ['resnet18-cifar', 'ResNet-18', 32],
    ['vgg', 'VGG-8', 224],
    ['vgg-bn', 'VGG-8-BN', 224],
    ['mobilenet-v2', 'MobileNetV2', 224],
    ['densenet', 'DenseNet-14', 224],
    ['densenet-cifar', 'DenseNet-9', 32],
  ])('%s', async (name, title, size) => {
    const { network, notes } = await openNetworkFiles([new File([fixture(`${name}.pt`)], `${name}.pt`)]);
    expect(network.meta.name).toBe(title);
    expect(network.meta.origin).toMatchObject({ format: 'pytorch', elements: 'float16' });
    expect(notes[0]).toMatch(/^Recognised by its tensor names: /);
    // The image's number k, in the order channel, row, column, is sin(k).
    const pixels = size * size;
    const values = Float32Array.from({ length: 3 * pixels }, (_, at) =>
      Math.sin((at % 3) * pixels + Math.floor(at / 3)),
    );
    const [output] = runReference(network, { shape: [1, size, size, 3], values }).outputs;
    const expected = answers[name] ?? [];
    expect(output?.values).toHaveLength(expected.length);
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((value, at) => {
      expect(Math.abs(value - (output?.values[at] ?? NaN))).toBeLessThan(1e-4 * largest);
    });
  });

  it.each(['module.', 'model.module.', '_orig_mod.', 'backbone.', 'module.net.encoder.'])(
    'with "%s" before every name, too',
    async (prefix) => {
      const name = 'densenet-cifar.pt';
      const { tensors } = await readCheckpoint(new Blob([fixture(name)]), name);
      const renamed: Record<string, Tensor> = {};
      for (const { name: own, load } of tensors) renamed[`${prefix}${own}`] = await load();
      const { network } = await openNetworkFiles([new File([writeSafetensors(renamed)], 'wrapped.safetensors')]);
      const { network: plain } = await openNetworkFiles([new File([fixture(name)], name)]);
      expect(network.graph).toEqual(plain.graph);
      expect(network.tensors).toEqual(plain.tensors);
    },
  );

  it('or named as what they are not', async () => {
    const bytes = writeSafetensors({ 'encoder.layers.0.weight': { shape: [2, 2], values: new Float32Array(4) } });
    await expect(openNetworkFiles([new File([bytes], 'f.safetensors')])).rejects.toThrow(FormatError);
  });
});
