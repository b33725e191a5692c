import { describe, expect, it } from 'vitest';
import { networkCosts } from './costs';
import { graphFromText } from './text';
import { buildZooGraph, type ZooOptions } from './zoo';

/**
 * Worked out from the papers' tables, not by this code. ResNet-20, option A, in MACs: stem 32^2*27*16 = 442,368;
 * stage 1 six times 32^2*144*16 = 2,359,296; stages 2 and 3 each half of that once (narrow input), then five full
 * times; classifier 640. 442,368 + 6*2,359,296 + 2*(1,179,648 + 5*2,359,296) + 640 = 40,551,040. Projections add
 * 16^2*16*32 + 8^2*32*64 = 262,144 MACs and 512 + 2,048 weights + 2*(32 + 64) batch-norm numbers = 2,752 parameters.
 * VGG-16-BN: 1,769,472 + 6*37,748,736 + 3*18,874,368 + 3*9,437,184 + 5,120. DenseNet-40: layer i of a block with c0
 * inputs reads c0 + 12i channels, so the blocks hold 108*984, 108*2,712 and 108*4,440 weights, the transitions 160^2
 * and 304^2: 32^2*(432 + 106,272 + 25,600) + 16^2*(292,896 + 92,416) + 8^2*479,520 + 4,480. MobileNetV2: table 2 of
 * the paper at 32x32 with the first two strides 1, summed apart from this code; torchvision counts the same parameters.
 */
const handDerived: readonly (readonly [ZooOptions, number, number])[] = [
  [{ architecture: 'resnet8', shortcut: 'projection' }, 12_501_632, 78_042],
  [{ architecture: 'resnet8' }, 12_239_488, 75_290],
  [{ architecture: 'resnet20' }, 40_551_040, 269_722],
  [{ architecture: 'resnet20', shortcut: 'projection' }, 40_813_184, 272_474],
  [{ architecture: 'resnet32' }, 68_862_592, 464_154],
  [{ architecture: 'resnet32', shortcut: 'projection' }, 69_124_736, 466_906],
  [{ architecture: 'resnet56' }, 125_485_696, 853_018],
  [{ architecture: 'resnet56', shortcut: 'projection' }, 125_747_840, 855_770],
  [{ architecture: 'vgg16' }, 313_201_664, 14_724_042],
  [{ architecture: 'densenet40' }, 264_812_928, 1_019_722],
  [{ architecture: 'mobilenetv2' }, 87_976_448, 2_236_682],
];

describe('costs of the zoo, derived by hand', () => {
  it.each(handDerived)('%o: %i MACs, %i parameters', (options, macs, parameters) => {
    const costs = networkCosts(buildZooGraph(options));
    expect([costs.macs, costs.parameters]).toEqual([macs, parameters]);
  });

  it('of a ResNet-8 slimmed to 4-6-10, layer by layer', () => {
    // stem 1024*27*4; stage 1 1024*36*4 twice; stage 2 256*36*6, 256*54*6, projection 256*4*6;
    // stage 3 64*54*10, 64*90*10, projection 64*6*10; classifier 10*10.
    const graph = buildZooGraph({ architecture: 'resnet8', shortcut: 'projection', widths: [4, 6, 10] });
    const costs = networkCosts(graph);
    const paid = [...costs.layers.values()].map((cost) => cost.macs).filter((macs) => macs > 0);
    expect(paid).toEqual([110_592, 147_456, 147_456, 55_296, 82_944, 6_144, 34_560, 57_600, 3_840, 100]);
    expect(costs.macs).toBe(645_988);
    // Kernels 108 + 144 + 144 + 216 + 324 + 24 + 540 + 900 + 60, batch norms 2*(3*4 + 3*6 + 3*10), classifier 110.
    expect(costs.parameters).toBe(2_460 + 120 + 110);
  });
});

describe('networkCosts', () => {
  it.each([
    // 4*3 positions, 3x3 kernel over 2 of 4 channels, 6 filters; bias 6.
    ['input 8x6x4 / conv 6 3x3 s2 p1 g2 bias', 12 * 9 * 2 * 6, 9 * 2 * 6 + 6],
    // Dilation spreads the taps without adding any: 4*2 positions.
    ['input 8x6x3 / conv 4 3x3 d2', 8 * 27 * 4, 27 * 4],
    // Transposed: every input pixel by every weight, whatever the crop and the stride: 48 * 9 * 3 * 4.
    ['input 8x6x3 / convTranspose 4 3x3 s2 p1 o1 bias', 48 * 108, 108 + 4],
    ['input 8x6x3 / convTranspose 2 2x4 s3x1 p0,1,2,1', 48 * 48, 48],
    ['input 8x6x3 / prelu / scale 2 / resize 16 / gelu / globalPool keepSpatial / reshape 3', 0, 3],
    ['input 8x6x5 / depthwise 3x1 p1x0 bias', 48 * 3 * 5, 3 * 5 + 5],
    ['input 7 / dense 4 bias', 28, 32],
    ['input 8x6x3 / bn / relu / maxPool 2x2 s2 / globalPool / softmax', 0, 6],
    ['input 8x6x3 / bn nogamma / flatten / bn nobeta', 0, 3 + 144],
  ])('%s: %i MACs, %i parameters', (text, macs, parameters) => {
    const costs = networkCosts(graphFromText(text));
    expect([costs.macs, costs.parameters]).toEqual([macs, parameters]);
  });

  it('counts a shared tensor once in parameters and every use in MACs', () => {
    const graph = graphFromText('input 4x4x2 / conv 2 1x1 kernel=w bias / conv 2 1x1 kernel=w bias');
    const costs = networkCosts(graph);
    expect(Object.fromEntries(costs.layers)).toEqual({
      input: { macs: 0, parameters: 0 },
      conv1: { macs: 64, parameters: 6 },
      conv2: { macs: 64, parameters: 2 },
    });
    expect([costs.macs, costs.parameters]).toEqual([128, 8]);
  });
});
