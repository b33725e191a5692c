/** For tests: small networks with one of every structure gates must get right, with lively weights and batch norms. */
import { withRandomTensors } from '../../network/hazard-networks';
import type { Network } from '../../network/graph';
import { graphFromText } from '../../network/text';

/** Stem of 6, a residual block of 6, a projection to 8 with its block, `classes` outputs; 8x8 images. */
export function tinyResidual(seed: number, classes = 5): Network {
  const text = `input 8x8x3 / stem = conv 6 3x3 p1 / stem.bn = bn / r0 = relu /
    a1 = conv 6 3x3 p1 / a1.bn = bn / relu / a2 = conv 6 3x3 p1 / a2.bn = bn / add < . r0 / r1 = relu /
    b1 = conv 8 3x3 s2 p1 / b1.bn = bn / relu / b2 = conv 8 3x3 p1 / b2.bn = bn /
    p = conv 8 1x1 s2 < r1 / p.bn = bn / add < . b2.bn / relu / globalPool / fc = dense ${classes} bias`;
  return withRandomTensors(graphFromText(text), seed);
}

const texts = {
  chain: `input 8x8x3 / a = conv 6 3x3 p1 / a.bn = bn / relu / b = conv 5 3x3 p1 bias / relu / maxPool 2x2 s2 / flatten /
    fc = dense 4 bias`,
  optionA: `input 8x8x3 / a = conv 4 3x3 p1 / a.bn = bn / r = relu / b = conv 7 3x3 s2 p1 / b.bn = bn /
    crop = slice 0:8:2 0:8:2 0:4 < r / wide = pad c1,2 / add < . b.bn / relu / globalPool / fc = dense 4 bias`,
  concat: `input 8x8x3 / a = conv 4 3x3 p1 / n1 = bn / relu / b = conv 3 3x3 p1 / both = concat < a b / n2 = bn / relu /
    c = conv 3 3x3 p1 / all = concat < both c / n3 = bn / relu / globalPool / fc = dense 4 bias`,
  depthwise: `input 8x8x3 / a = conv 6 1x1 / a.bn = bn / relu6 / d = depthwise 3x3 p1 / d.bn = bn / relu6 /
    p = conv 4 1x1 / p.bn = bn / globalPool / fc = dense 4 bias`,
};

export const structures = Object.keys(texts) as (keyof typeof texts)[];

export function tinyStructure(name: keyof typeof texts, seed: number): Network {
  return withRandomTensors(graphFromText(texts[name]), seed);
}
