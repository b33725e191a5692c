/** Training keeps to the memory it is said to need, and to the same after every step. */
import { expect, it } from 'vitest';
import { memoryUse } from './measure';
import { ownContestant } from './own';

it('ResNet-20, batch 128, on WASM: under 300 MB, flat after the first steps', async () => {
  const contestant = await ownContestant(
    { architecture: 'resnet20', batch: 128 },
    { executor: { device: 'wasm' }, forwardOnly: false, method: null },
  );
  const { settled, most, last } = await memoryUse(contestant, 3);
  contestant.dispose();
  expect(most.held).toBeLessThan(300e6);
  expect(settled.held).toBeGreaterThan(0);
  expect(last).toEqual(settled);
  expect(most).toEqual(settled);
}, 120_000);
