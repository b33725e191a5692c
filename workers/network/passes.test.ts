import { expect, it } from 'vitest';
import { graphFromText } from './text';
import { passesOf, passMacs } from './passes';

// Two looks with one stage kernel: the second sees the first look's features added to the stem's.
const unrolled = graphFromText(
  'input 4x4x3 / a = conv 2 3x3 p1 / s1 = conv 2 3x3 p1 / y1 = conv 5 1x1 / x2 = add < a s1 / ' +
    's2 = conv 2 3x3 p1 kernel=s1.kernel / y2 = conv 5 1x1 kernel=y1.kernel / output < y1 y2',
);

it('finds the passes of an unrolled network and what each look costs', () => {
  expect(passesOf(unrolled)).toEqual(['y1', 'y2']);
  // Stem 16 * 9 * 3 * 2 = 864, stage 16 * 9 * 2 * 2 = 576, head 16 * 2 * 5 = 160.
  expect(passMacs(unrolled)).toEqual([864 + 576 + 160, 864 + 2 * 576 + 2 * 160]);
});

it('takes outputs of another shape for no passes', () => {
  const detector = graphFromText(
    'input 4x4x3 / a = conv 2 3x3 p1 / scores = conv 5 1x1 / boxes = conv 4 1x1 < a / output < scores boxes',
  );
  expect(passesOf(detector)).toEqual(['scores']);
});
