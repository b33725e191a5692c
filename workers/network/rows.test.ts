import { describe, expect, it } from 'vitest';
import { decomposeGraph } from './decompose';
import { eligibleLayers } from './low-rank';
import { type Row, treeRows } from './rows';
import { graphFromText } from './text';
import { type ZooOptions, buildZooGraph } from './zoo';
import { gatedGraph } from './zoo/gating';

/** "label role stage*": `*` where the row writes to the residual stream. */
function brief({ label, role, stage, stream }: Row): string {
  return [label, role, stage === null ? '-' : stage.index + 1].join(', ') + (stream ? ' *' : '');
}

function rowsOfZoo(options: ZooOptions): readonly Row[] {
  return treeRows(buildZooGraph(options));
}

function rowsOfText(text: string): readonly string[] {
  return treeRows(graphFromText(text)).map(brief);
}

describe('rows of a ResNet', () => {
  it('with projections are stem, a, b and p of every block', () => {
    const rows = rowsOfZoo({ architecture: 'resnet8', shortcut: 'projection' });
    expect(rows.map(brief)).toEqual([
      'stem, stem, - *',
      '1.1 a, a, 1',
      '1.1 b, b, 1 *',
      '2.1 a, a, 2',
      '2.1 b, b, 2 *',
      '2.1 p, projection, 2 *',
      '3.1 a, a, 3',
      '3.1 b, b, 3 *',
      '3.1 p, projection, 3 *',
      'classifier, classifier, -',
    ]);
    expect(rows[5]?.layer).toBe('stage2.block1.projection');
    expect(rows[5]?.stage).toEqual({ index: 1, title: 'Stage 2', size: '16 × 16' });
  });

  it('of 20 layers, option A, carry the labels of the paper’s figure', () => {
    const labels = rowsOfZoo({ architecture: 'resnet20' }).map((row) => row.label);
    const blocks = [1, 2, 3].flatMap((stage) =>
      [1, 2, 3].flatMap((block) => [`${stage}.${block} a`, `${stage}.${block} b`]),
    );
    expect(labels).toEqual(['stem', ...blocks, 'classifier']);
  });

  it('do not depend on names', () => {
    const graph = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' });
    const ids = new Map(graph.layers.map((layer, index) => [layer.id, `n${index}`]));
    const renamed = (id: string): string => ids.get(id) ?? id;
    const layers = graph.layers.map((layer) => ({
      ...layer,
      id: renamed(layer.id),
      inputs: layer.inputs.map(renamed),
    }));
    const rows = treeRows({ layers, outputs: graph.outputs.map(renamed) });
    expect(rows.map(brief)).toEqual(treeRows(graph).map(brief));
  });
});

describe('rows of other families', () => {
  it('VGG: numbers within each size', () => {
    const labels = rowsOfZoo({ architecture: 'vgg16' }).map((row) => row.label);
    expect(labels.join(' ')).toBe('1.1 1.2 2.1 2.2 3.1 3.2 3.3 4.1 4.2 4.3 5.1 5.2 5.3 classifier');
  });

  it('DenseNet: one row per layer of a block, the transition after them, nothing added', () => {
    const rows = rowsOfZoo({ architecture: 'densenet40' });
    expect(rows.map((row) => row.label).slice(11, 16)).toEqual(['1.11', '1.12', '1.13', '2.1', '2.2']);
    expect(rows.map((row) => row.role).slice(11, 16)).toEqual(['b', 'b', 'plain', 'b', 'b']);
    expect(rows.filter((row) => row.stream)).toEqual([]);
  });

  it('MobileNetV2: expand, depthwise, project are one unit, in the stage they end in', () => {
    const rows = rowsOfZoo({ architecture: 'mobilenetv2' });
    const third = rows.filter((row) => row.layer.startsWith('stage3.block1') || row.layer.startsWith('stage3.block2'));
    expect(third.map(brief)).toEqual([
      '2.1 a, plain, 2',
      '2.1 b, plain, 2',
      '2.1 c, plain, 2 *',
      '2.2 a, a, 2',
      '2.2 b, a, 2',
      '2.2 c, b, 2 *',
    ]);
    expect(rows.slice(0, 3).map(brief)).toEqual(['stem, stem, -', '1.1 a, plain, 1', '1.1 b, plain, 1']);
  });

  it.each(['vgg16', 'densenet40', 'mobilenetv2', 'resnet56'] as const)('%s: every label once', (architecture) => {
    const labels = rowsOfZoo({ architecture }).map((row) => row.label);
    expect(new Set(labels).size).toBe(labels.length);
  });
});

describe('rows of opened networks', () => {
  it('bottlenecks count on; a shortcut of two layers has no short name', () => {
    const text = `input 8x8x3 / top = conv 4 3x3 p1 / conv 2 1x1 / relu / conv 2 3x3 p1 / relu / up = conv 8 1x1
      side1 = conv 2 1x1 < top / relu / side2 = conv 8 1x1 / add < up . / globalPool / dense 3`;
    expect(rowsOfText(text)).toEqual([
      'stem, stem, -',
      '1.1 a, a, 1',
      '1.1 b, a, 1',
      '1.1 c, b, 1 *',
      'side1, branch, 1',
      'side2, branch, 1 *',
      'classifier, classifier, -',
    ]);
  });

  it('squeeze-and-excitation layers are gates, off the trunk', () => {
    const text = `input 8x8x3 / stem = conv 4 3x3 p1 / a = conv 6 3x3 p1 / relu / b = conv 4 3x3 p1
      globalPool / squeeze = dense 2 / relu / excite = dense 4 / sigmoid / multiply < b . / add < . stem
      globalPool / dense 3`;
    expect(rowsOfText(text)).toEqual([
      'stem, stem, - *',
      '1.1 a, a, 1',
      '1.1 b, b, 1 *',
      'squeeze, gate, 1',
      'excite, gate, 1',
      'classifier, classifier, -',
    ]);
  });

  it('separable convolutions without a trunk of their own pair up', () => {
    const text = `input 8x8x3 / conv 4 3x3 p1 / depthwise 3x3 p1 / conv 6 1x1 / depthwise 3x3 s2 p1 / conv 8 1x1
      globalPool / dense 3`;
    expect(rowsOfText(text)).toEqual([
      '1.1 a, plain, 1',
      '1.1 b, plain, 1',
      '1.1 c, plain, 1',
      '2.1 a, plain, 2',
      '2.1 b, plain, 2',
      'classifier, classifier, -',
    ]);
  });

  it('the halves of decomposed convolutions share the place of the whole', () => {
    const text = `input 8x8x3 / stem.0 = conv 2 3x1 p1x0 / stem.1 = conv 4 1x3 p0x1 bias / bn / top = relu
      conv 2 3x3 s2 p1 / conv 4 1x1 bias / relu / conv 2 3x3 p1 / back = conv 6 1x1 bias / bn
      conv 2 1x2 s1x2 < top / conv 6 2x1 s2x1 / add < . back / globalPool / dense 3`;
    expect(rowsOfText(text)).toEqual([
      'stem.1, stem, -',
      'stem.2, stem, -',
      '1.1 a.1, a, 1',
      '1.1 a.2, a, 1',
      '1.1 b.1, a, 1',
      '1.1 b.2, b, 1 *',
      '1.1 p.1, projection, 1',
      '1.1 p.2, projection, 1 *',
      'classifier, classifier, -',
    ]);
  });

  it.each(['resnet8', 'vgg16', 'mobilenetv2'] as const)('%s keeps its labels when it is decomposed', (architecture) => {
    const graph = buildZooGraph({ architecture, shortcut: 'projection' });
    const ranks = Object.fromEntries(eligibleLayers(graph).map((layer) => [layer.id, 1]));
    const whole = treeRows(graph);
    const expected = whole.flatMap(({ layer, label }) => (layer in ranks ? [`${label}.1`, `${label}.2`] : [label]));
    const halves = treeRows(decomposeGraph(graph, { scheme: 'spatial', ranks }));
    expect(halves.map((row) => row.label)).toEqual(expected);
    const streams = halves.filter((row) => row.stream).map((row) => row.label.replace(/\.2$/, ''));
    expect(streams).toHaveLength(whole.filter((row) => row.stream).length);
  });

  it('a convolution with a bias, or read twice, is no half', () => {
    expect(rowsOfText('input 8x8x3 / conv 4 3x3 bias / conv 5 1x1 / relu / globalPool / dense 3')).toEqual([
      '1.1, plain, 1',
      '1.2, plain, 1',
      'classifier, classifier, -',
    ]);
    expect(rowsOfText('input 8x8x3 / c = conv 4 1x1 / conv 4 1x1 / add < . c / globalPool / dense 3')).toEqual([
      'stem, stem, - *',
      '1.1, b, 1 *',
      'classifier, classifier, -',
    ]);
  });

  it('hidden dense layers keep their ids', () => {
    expect(rowsOfText('input 8x8x3 / conv 4 3x3 / flatten / hidden = dense 9 / relu / dense 3')).toEqual([
      '1.1, plain, 1',
      'hidden, plain, -',
      'classifier, classifier, -',
    ]);
  });

  it('a decoder that grows again opens new stages, and the last convolution is the classifier', () => {
    const text = `input 8x8x3 / stem = conv 4 3x3 p1 / relu / down = conv 8 3x3 s2 p1 / relu / resize 8 / conv 4 3x3 p1
      concat < . stem / seg = conv 5 1x1`;
    expect(rowsOfText(text)).toEqual(['stem, stem, -', '1.1 a, a, 1', '1.1 b, b, 1', 'classifier, classifier, -']);
    const plain = 'input 8x8x3 / conv 4 3x3 p1 / relu / conv 4 2x2 s2 / resize 8 / conv 4 3x3 p1 / relu / conv 5 1x1';
    expect(rowsOfText(plain)).toEqual(['1.1, plain, 1', '2.1, plain, 2', '3.1, plain, 3', 'classifier, classifier, -']);
  });

  it('two heads are named by their ids', () => {
    const text = 'input 8x8x3 / conv 4 3x3 / p = globalPool / one = dense 2 / two = dense 3 < p / output < one two';
    expect(rowsOfText(text)).toEqual(['1.1, plain, 1', 'one, classifier, -', 'two, classifier, -']);
  });

  it('a network without weights has no rows', () => {
    expect(rowsOfText('input 8x8x3 / globalPool / softmax')).toEqual([]);
  });

  it('separable gates have a row for their taps, before the one of the gate', () => {
    const rows = treeRows(gatedGraph({ backbone: 'shallow', passes: 2, routing: 'top', kernel: 3, separable: true }));
    expect(rows.slice(0, 4).map(({ label }) => label)).toEqual(['stem', '1 gate taps', '1 gate', '1.1']);
  });
});
