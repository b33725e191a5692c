/** The contestants make the same step: the same losses, one after the other. */
import { expect, it } from 'vitest';
import { jaxContestant } from './jax';
import { ownContestant } from './own';

it('jax-js and the studio see the same losses over three steps', async () => {
  const workload = { architecture: 'resnet8', batch: 2 } as const;
  const losses = async (contestant: { run(count: number): Promise<number>; dispose(): void }): Promise<number[]> => {
    const found = [await contestant.run(1), await contestant.run(1), await contestant.run(1)];
    contestant.dispose();
    return found;
  };
  const options = { executor: { device: 'wasm' }, forwardOnly: false, method: null } as const;
  const own = await losses(await ownContestant(workload, options));
  const jax = await losses(await jaxContestant(workload, 'wasm', false));
  own.forEach((loss, at) => expect(jax[at]).toBeCloseTo(loss, 3));
  expect(own[2]).not.toBeCloseTo(own[0] ?? 0, 2);
});
