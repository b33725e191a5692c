/** One hazard after another; the expected groups were worked out on paper from the drawing of each graph. */
import { describe, expect, it } from 'vitest';
import { cutGraph } from './cut';
import { obstacleOf, type Graph } from './graph';
import { channelGroups, describeGroup, groupIndex, lockedLayers } from './groups';
import { hazards } from './hazard-networks';
import { graphFromText } from './text';
import { buildZooGraph } from './zoo';

/** `a[0 1] + b[2 3]`: members with their channels unit by unit, units apart by spaces; `!` in front when locked. */
function drawn(graph: Graph): readonly string[] {
  return channelGroups(graph).map((group) => {
    const members = group.members.map(
      ({ layer, channels }) => `${layer}[${channels.map((list) => list.join('&')).join(' ')}]`,
    );
    return `${group.locked === undefined ? '' : '! '}${group.id}: ${members.join(' + ')}`;
  });
}

const head = '! head: head[0 1]';

describe('channel groups', () => {
  it('are single layers where nothing is tied', () => {
    expect(drawn(hazards.plain)).toEqual(['a: a[0 1 2 3]', 'b: b[0 1 2]', head]);
  });

  it('join what is added', () => {
    expect(drawn(hazards.residual)).toEqual(['a: a[0 1 2 3] + c[0 1 2 3]', 'b: b[0 1 2]', head]);
  });

  it('leave stages apart behind a projection', () => {
    expect(drawn(hazards.projection)).toEqual(['a: a[0 1 2]', 'b: b[0 1 2 3] + p[0 1 2 3]', head]);
  });

  it('tie a padded shortcut to the stage before, and leave the new channels free', () => {
    expect(drawn(hazards.paddedShortcut)).toEqual(['a: a[0 1] + b[1 2]', 'b: b[0 3 4]', 'c: c[0 1 2]', head]);
  });

  it('follow channels through concatenation and slices', () => {
    expect(drawn(hazards.concatSplit)).toEqual([
      'a: a[0 1]',
      'a#2: a[2] + c[0]',
      'b: b[0 1] + c[1 2]',
      'b#2: b[2]',
      head,
    ]);
  });

  it('keep the layers of a dense block apart', () => {
    expect(drawn(hazards.dense)).toEqual(['stem: stem[0 1 2]', 'd1: d1[0 1]', 'd2: d2[0 1]', head]);
  });

  it('run through depthwise convolutions', () => {
    expect(drawn(hazards.depthwise)).toEqual([
      'a: a[0 1 2] + narrow[0 1 2]',
      'wide: wide[0 1 2 3] + deep0[0 1 2 3] + deep[0 1 2 3]',
      head,
    ]);
  });

  it('take the same position from every group of a convolution', () => {
    expect(drawn(hazards.grouped)).toEqual(['a: a[0&3 1&4 2&5]', 'g: g[0&2 1&3]', head]);
  });

  it('take an input with its filters where a group has one input', () => {
    expect(drawn(hazards.multiplier)).toEqual(['a: a[0 1 2] + g[0&1 2&3 4&5]', head]);
  });

  it('tie a gate to the channels it scales', () => {
    expect(drawn(hazards.excitation)).toEqual(['a: a[0 1 2 3] + gate[0 1 2 3]', 'squeeze: squeeze[0 1]', head]);
  });

  it('lock a channel that is spread over all others', () => {
    expect(drawn(hazards.attention)).toEqual(['a: a[0 1 2 3]', '! map: map[0]', head]);
  });

  it('lock a filter that is alone', () => {
    expect(drawn(hazards.singleFilter)).toEqual(['a: a[0 1 2]', '! one: one[0]', 'b: b[0 1 2]', head]);
  });

  it('tie layers that name one tensor, inputs included', () => {
    expect(drawn(hazards.shared)).toEqual(['a: a[0 1 2] + step1[0 1 2] + step2[0 1 2]', head]);
  });

  it('lock what is tied to the image', () => {
    expect(drawn(hazards.depthwiseInput)).toEqual(['! first: first[0 1]', 'b: b[0 1 2]', head]);
  });

  it('lock channels whose places are counted', () => {
    expect(drawn(hazards.stridedSlice)).toEqual(['! a: a[0 2]', '! a#2: a[1 3]', 'b: b[0 1]', head]);
  });

  it('run through flattening', () => {
    expect(drawn(hazards.flatten)).toEqual(['a: a[0 1 2]', 'hidden: hidden[0 1 2 3 4]', head]);
  });

  it('run through whatever keeps channels apart', () => {
    expect(drawn(hazards.carried)).toEqual(['a: a[0 1 2 3]', 'b: b[0 1 2]', head]);
  });

  it('begin anew at a transposed convolution', () => {
    expect(drawn(hazards.transposed)).toEqual(['a: a[0 1 2]', 't: t[0 1 2 3]', 'b: b[0 1 2]', head]);
  });

  it('join what is laid side by side', () => {
    expect(drawn(hazards.sideBySide)).toEqual(['a: a[0 1 2] + b[0 1 2] + c[0 1 2]', head]);
  });

  it('tie layers that bend by one slope', () => {
    expect(drawn(hazards.sharedSlope)).toEqual(['a: a[0 1 2] + b[0 1 2]', head]);
  });

  it('lock channels that are dealt out anew', () => {
    expect(drawn(hazards.reshaped)).toEqual(['! a: a[0 1 2 3]', 'b: b[0 1 2]', head]);
  });

  it('lock whatever reaches an operation that is not understood, before it and after', () => {
    const graph = graphFromText(`input 4x4x2 / a = conv 3 3x3 p1 / b = conv 4 3x3 p1 / relu / c = conv 3 3x3 p1
      odd = opaque GridSample 4x4x5 reason="It is not known here." < relu1 c / d = depthwise 3x3 p1
      e = conv 5 1x1 < a / add < . d / globalPool / head = dense 2`);
    expect(drawn(graph)).toEqual([
      'a: a[0 1 2]',
      '! b: b[0 1 2 3]',
      '! c: c[0 1 2]',
      '! d: d[0 1 2 3 4] + e[0 1 2 3 4]',
      head,
    ]);
    expect(lockedLayers(graph).get('e')).toBe('"odd" (GridSample) is not understood. It is not known here.');
    // What is around it can still be cut, and costs what it did.
    const cut = cutGraph(graph, { a: [1] });
    expect(
      cut.layers.map((layer) => (layer.op === 'conv' ? layer.filters : layer.op === 'opaque' ? layer.shape : 0)),
    ).toEqual([0, 2, 4, 0, 3, [4, 4, 5], 0, 5, 0, 0, 0]);
    expect(obstacleOf(cut)).toEqual({
      layer: 'odd',
      message: 'The network cannot be run: layer "odd" (GridSample). It is not known here.',
    });
  });

  it('nest the stages of an option-A ResNet', () => {
    const groups = channelGroups(buildZooGraph({ architecture: 'resnet20' }));
    const streams = groups.filter(({ id }) => !id.endsWith('conv1') && id !== 'classifier');
    // 16 channels run from the stem to the end, 16 start in stage 2 and 32 in stage 3.
    expect(streams.map(({ id, size, members }) => [id, size, members.length])).toEqual([
      ['stem', 16, 10],
      ['stage2.block1.conv2', 16, 6],
      ['stage3.block1.conv2', 32, 3],
    ]);
    // Padded by 8 + 8, then by 16 + 16: the stem's filter 0 is channel 24 of the last stage.
    const last = groups[0]?.members.find(({ layer }) => layer === 'stage3.block3.conv2');
    expect(last?.channels.slice(0, 2)).toEqual([[24], [25]]);
  });
});

it('covers every filter of every weighted layer exactly once', () => {
  for (const architecture of ['resnet8', 'vgg16', 'densenet40', 'mobilenetv2'] as const) {
    const graph = buildZooGraph({ architecture });
    const seen = channelGroups(graph).flatMap(({ members }) =>
      members.flatMap(({ layer, channels }) =>
        channels.flatMap((list) => list.map((channel) => `${layer} ${channel}`)),
      ),
    );
    const widths = graph.layers.map((layer) =>
      layer.op === 'conv' ? layer.filters : layer.op === 'dense' ? layer.units : 0,
    );
    const depthwise = graph.layers.filter((layer) => layer.op === 'depthwise').map(({ id }) => id);
    const counted = seen.filter((key) => !depthwise.includes(key.split(' ')[0] ?? ''));
    expect(new Set(seen).size).toBe(seen.length);
    expect(counted.length).toBe(widths.reduce((a, b) => a + b, 0));
  }
});

it('finds the unit of a filter', () => {
  const groups = channelGroups(hazards.paddedShortcut);
  const index = groupIndex(groups);
  expect(index.at('b', 2)).toEqual({ group: groups[0], groupIndex: 0, unit: 1 });
  expect(index.at('b', 3)).toEqual({ group: groups[1], groupIndex: 1, unit: 1 });
  expect(index.at('b', 5)).toBeUndefined();
  expect(index.at('sum', 0)).toBeUndefined();
});

describe('words', () => {
  it('say why a layer cannot be cut', () => {
    const reasons = Object.values(hazards).flatMap((graph) => [...lockedLayers(graph).values()]);
    expect([...new Set(reasons)]).toMatchInlineSnapshot(`
      [
        "The channels of "head" are the network's outputs.",
        "Its single channel is spread over all channels in "scaled".",
        ""one" would lose its only filter.",
        "Tied to the network's input "input", whose channels are given.",
        "Slice "every2" takes one channel in 2, so all must keep their places.",
        "Reshape "fold" deals 4 channels out anew, so all must keep their places.",
        "Softmax "soft" shares one whole among all of its channels.",
      ]
    `);
  });

  it('say what holds a group together', () => {
    const text = (graph: Graph): string =>
      describeGroup(channelGroups(graph)[0] ?? { id: '', size: 0, members: [], reason: '' });
    expect(
      [
        hazards.plain,
        hazards.residual,
        hazards.grouped,
        hazards.excitation,
        hazards.depthwiseInput,
        hazards.shared,
        hazards.sideBySide,
        hazards.sharedSlope,
      ].map(text),
    ).toMatchInlineSnapshot(`
      [
        "4 filters of a. Nothing is tied to it: each filter can go alone.",
        "4 filters each of a and c. Added together in sum.",
        "3 sets of filters of a. Kept equal over the groups of g.",
        "4 filters each of a and gate. Multiplied together in scaled.",
        "2 filters of first. Filtered one by one in first. Cannot be cut: Tied to the network's input "input", whose channels are given.",
        "3 filters each of a, step1 and step2. Sharing their weights in step2.",
        "3 filters each of a, b and c. Laid side by side in concat1 and wide.",
        "3 filters each of a and b. Sharing their weights in prelu2.",
      ]
    `);
    expect(text(buildZooGraph({ architecture: 'resnet56' }))).toMatchInlineSnapshot(
      `"16 filters each of stem, stage1.block1.conv2 and 26 more. Added together in stage1.block1.add, stage1.block2.add and 25 more, padded with zero channels in stage2.block1.shortcut.pad and stage3.block1.shortcut.pad."`,
    );
  });
});
