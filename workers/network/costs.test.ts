import { describe, expect, it } from 'vitest';
import { networkCosts } from './costs';
import { buildZooGraph, type ZooOptions } from './zoo';

/**
 * Worked out from the papers' tables with pencil and paper. ResNet-20, option A, in MACs: stem 32^2*27*16 = 442,368;
 * stage 1 six times 32^2*144*16 = 2,359,296; stages 2 and 3 each half of that once (narrow input), then five full
 * times; classifier 640. 442,368 + 6*2,359,296 + 2*(1,179,648 + 5*2,359,296) + 640 = 40,551,040. Projections add
 * 16^2*16*32 + 8^2*32*64 = 262,144 MACs and 512 + 2,048 weights + 2*(32 + 64) batch-norm numbers = 2,752 parameters.
 * VGG-16-BN: 1,769,472 + 6*37,748,736 + 3*18,874,368 + 3*9,437,184 + 5,120. DenseNet-40: the k-th layer of a block
 * with c0 inputs reads c0 + 12k channels, so blocks hold 108*984, 108*2,712 and 108*4,440 weights, transitions
 * 160^2 and 304^2. MobileNetV2: table 2 of the paper at 32x32, first two strides 1.
 */
const handDerived: readonly (readonly [ZooOptions, number, number])[] = [
  [{ architecture: 'resnet8', shortcut: 'projection' }, 12_501_632, 78_042],
  [{ architecture: 'resnet8' }, 12_239_488, 75_290],
  [{ architecture: 'resnet20' }, 40_551_040, 269_722],
  [{ architecture: 'resnet20', shortcut: 'projection' }, 40_813_184, 272_474],
  [{ architecture: 'resnet32' }, 68_862_592, 464_154],
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
});
