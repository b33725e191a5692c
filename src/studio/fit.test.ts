import { describe, expect, it } from 'vitest';
import { buildZooGraph } from '../../workers/network/zoo';
import type { DatasetView } from '../../workers/protocol';
import { misfitOf } from './fit';

const graph = buildZooGraph({ architecture: 'resnet8', widths: [4, 8, 16], classes: 2 });
const data: DatasetView = {
  dataset: 'd',
  name: 'Pets',
  task: 'classification',
  classes: ['cat', 'dog'],
  shape: [32, 32, 3],
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
  counts: { train: 1, validation: 1, test: 1 },
  notes: [],
  source: { source: 'folder', name: 'pets' },
};
const meta = { name: 'Net', history: [] };

describe('misfitOf', () => {
  it('finds nothing wrong with data of the right size and classes', () => {
    expect(misfitOf({ graph, meta }, data)).toBeNull();
    expect(misfitOf({ graph, meta: { ...meta, classes: ['Cat', 'Dog'] } }, data)).toBeNull();
    // Images with one label are resized to fit.
    expect(misfitOf({ graph, meta }, { ...data, shape: [64, 64, 3] })).toBeNull();
  });

  it('says what differs and what to do', () => {
    expect(misfitOf({ graph, meta }, { ...data, task: 'segmentation', shape: [64, 64, 3] })).toBe(
      'Net takes 32 × 32 × 3, Pets has 64 × 64 × 3: open other data.',
    );
    expect(misfitOf({ graph, meta }, { ...data, classes: ['cat', 'dog', 'bird'] })).toBe(
      'Net tells 2 classes apart, Pets has 3: open data with 2 classes.',
    );
    expect(misfitOf({ graph, meta: { ...meta, classes: ['cat', 'car'] } }, data)).toBe(
      'Net was trained to recognise "car", Pets has other classes: open the data it was trained on.',
    );
  });
});
