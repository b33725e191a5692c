import { describe, expect, it } from 'vitest';
import { hazards } from '../../network/hazard-networks';
import { graphFromText } from '../../network/text';
import { buildZooGraph } from '../../network/zoo';
import { gateLayout, leastOpen } from './gate-layout';

const placesOf = (...parameters: Parameters<typeof gateLayout>): readonly string[] => [
  ...gateLayout(...parameters).places.keys(),
];

describe('where gates stand', () => {
  it('is behind every batch norm of a ResNet: inside blocks, and on each addend before the addition', () => {
    expect(placesOf(buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' }))).toEqual([
      'stem.bn',
      'stage1.block1.bn1',
      'stage1.block1.bn2',
      'stage2.block1.bn1',
      'stage2.block1.bn2',
      'stage2.block1.projection.bn',
      'stage3.block1.bn1',
      'stage3.block1.bn2',
      'stage3.block1.projection.bn',
    ]);
  });

  it('is behind the depthwise batch norm too', () => {
    const text = `input 6x6x3 / a = conv 4 1x1 / a.bn = bn / relu6 / d = depthwise 3x3 p1 / d.bn = bn / relu6 /
      p = conv 3 1x1 / p.bn = bn / globalPool / dense 2`;
    expect(placesOf(graphFromText(text))).toEqual(['a.bn', 'd.bn', 'p.bn']);
  });

  it('is behind pre-activation batch norms over concatenations, not on the convolutions they read', () => {
    const text = `input 6x6x3 / a = conv 4 3x3 p1 / n1 = bn / relu / b = conv 3 3x3 p1 / both = concat < a b /
      n2 = bn / relu / c = conv 3 3x3 p1 / globalPool / dense 2`;
    const graph = graphFromText(text);
    expect(placesOf(graph)).toEqual(['n1', 'n2', 'c']);
    // The gates of `a`, then those of `b`.
    expect([...(gateLayout(graph).places.get('n2') ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('is on a layer without batch norm, and behind an activation that is not 0 at 0', () => {
    expect(placesOf(hazards.plain)).toEqual(['a.bn', 'a.act', 'b']);
    expect(placesOf(hazards.residual)).toEqual(['a', 'b', 'c']);
    const text = `input 6x6x3 / a = conv 4 1x1 / s = scale 2 offset=1 / b = conv 4 1x1 / c = clip min=0.5 / d = conv 4 1x1 /
      e = hardSigmoid / f = convTranspose 4 2x2 / g = softplus / h = conv 4 1x1 / gelu / scale 2 / clip min=-1 / prelu /
      hardSigmoid offset=0 / globalPool / dense 2`;
    expect(placesOf(graphFromText(text))).toEqual(['a', 's', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  it('follows channels of an option-A shortcut to the places they are padded to', () => {
    const graph = buildZooGraph({ architecture: 'resnet8', shortcut: 'identity', widths: [4, 6, 8] });
    const layout = gateLayout(graph);
    const own = layout.places.get('stage2.block1.bn2') ?? new Int32Array();
    const stem = layout.places.get('stem.bn') ?? new Int32Array();
    // Four of the six, one place further: the padding is one channel before and one after.
    expect(Array.from(own.slice(1, 5))).toEqual(Array.from(stem));
    expect(new Set(own).size).toBe(6);
  });

  it('leaves protected and locked filters alone', () => {
    const graph = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection' });
    const ids = gateLayout(graph, ['stage2.block1.conv2', 'stem']).groups.map(({ group }) => group.id);
    expect(ids).toEqual(['stage1.block1.conv1', 'stage2.block1.conv1', 'stage3.block1.conv1', 'stage3.block1.conv2']);
  });

  it('keeps an eighth of a group open, and two', () => {
    expect([1, 2, 3, 16, 23, 24, 64].map(leastOpen)).toEqual([1, 2, 2, 2, 2, 3, 8]);
  });
});
