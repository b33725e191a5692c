import { beforeAll, describe, expect, it } from 'vitest';
import type { Network } from '../network/graph';
import { withTurnedInput } from '../network/input-channels';
import { networkFromText } from '../network/text';
import type { DatasetView } from '../protocol';
import { measure } from './measuring';
import { rehearse, tinyRecipe, type Rehearsal } from './rehearsal';

describe('how a network wants its input', () => {
  let studio: Rehearsal;
  let dataset: DatasetView;
  const { signal } = new AbortController();

  beforeAll(async () => {
    studio = rehearse();
    await studio.call('start', { device: 'wasm', baseUrl: 'http://localhost/studio/' });
    dataset = await studio.call('openDataset', { source: tinyRecipe().data, files: [] });
  });

  async function keep(network: Network) {
    return studio.engine.keepNetwork(network, { source: 'file', name: 'net.h5' }, []);
  }

  it('is tried in every usual way, and each figure is what the network so described scores', async () => {
    const classes = dataset.classes.length;
    const { view } = await keep(
      networkFromText(`input 32x32x3 / conv 8 3x3 p1 / relu / globalPool / dense ${classes} bias`, 5),
    );
    const trial = await studio.call('tryInputs', { network: view.network, dataset: dataset.dataset });
    expect(trial.chance).toBeCloseTo(1 / classes);
    expect(trial.tried.map(({ id }) => id).toSorted()).toEqual([
      'bgr-unit',
      'caffe',
      'cifar',
      'data',
      'imagenet',
      'raw',
      'signed',
      'unit',
    ]);
    const accuracies = trial.tried.map(({ accuracy }) => accuracy);
    expect(accuracies).toEqual(accuracies.toSorted((a, b) => b - a));
    const set = studio.engine.dataset(dataset.dataset).dataset;
    for (const { normalisation, order, accuracy } of trial.tried) {
      const described = await studio.call('describeInput', {
        network: view.network,
        normalisation,
        order,
        classes: null,
      });
      const { network } = studio.engine.network(described.network);
      expect(network.meta.normalisation).toEqual(normalisation);
      const found = await measure(studio.engine.executor, network, set, 'validation', { signal, images: trial.images });
      expect(found.accuracy).toBe(accuracy);
    }
  });

  it('is followed: a network for grey images of another size is measured on such images', async () => {
    const classes = dataset.classes.length;
    const { view } = await keep(
      networkFromText(`input 16x20x1 / conv 4 3x3 p1 / globalPool / dense ${classes} / softmax`, 5),
    );
    const params = { network: view.network, dataset: dataset.dataset, split: 'validation', images: 32 } as const;
    const { images, loss } = await studio.call('evaluate', params);
    expect(images).toBe(32);
    // Probabilities are taken for what they are: an untrained network's loss is about ln(classes).
    expect(Math.abs(loss - Math.log(classes))).toBeLessThan(0.5);
  });

  it('described as blue first, its first kernels are turned and a note says so', async () => {
    const network = networkFromText('input 32x32x3 / conv 8 3x3 p1 / globalPool / dense 10', 5);
    const { view } = await keep(network);
    const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] };
    const params = {
      network: view.network,
      normalisation,
      order: 'BGR',
      classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
    } as const;
    const described = await studio.call('describeInput', params);
    expect(described.notes).toEqual(['Its first kernels were turned, so that it takes red first (RGB).']);
    expect(described.meta.classes?.[3]).toBe('d');
    expect(studio.engine.network(described.network).network.tensors).toEqual(withTurnedInput(network).tensors);
    await expect(
      studio.call('describeInput', { ...params, normalisation: { mean: [0], std: [1] }, order: 'RGB' }),
    ).rejects.toThrow("The network's input has 3 channels");
  });
});
