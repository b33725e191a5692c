import { afterEach, describe, expect, it } from 'vitest';
import { mount, named, nextFrame, point, until, type Mounted } from '../studio/mounted';
import { actions, studio } from '../studio/store';
import { Tree } from '../tree/tree';
import { Inspector } from './inspector';

const size = { width: 580, height: 330 };
const layer = 'stage3.block2.conv2';

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (host: HTMLElement) => host.textContent.replaceAll('\u00a0', ' ');
const rank = () => studio.getState().plan?.truncation?.ranks[layer];
const slider = () => {
  const found = page?.host.querySelector<HTMLElement>('[role="slider"][aria-label^="Rank of"]');
  if (found === null || found === undefined) throw new Error('There is no rank handle.');
  return found;
};

async function truncating(): Promise<Mounted> {
  page = await mount(<Inspector />, size);
  actions.show({ layer });
  actions.chooseMethod('svd');
  await until(() => rank() !== undefined && page?.host.querySelector('[aria-label^="Rank of"]') !== null);
  await nextFrame();
  return page;
}

describe('the Ranks tab', () => {
  it('shows the plan: rank, energy, cost of the pair against the whole layer', async () => {
    const { host } = await truncating();
    expect(slider().ariaValueNow).toBe(String(rank()));
    expect(plain(host)).toContain('of 2.36 M multiply-adds');
    // 64 to 64 channels, 3x3 on 8x8: (576 + 64) * 64 for each rank.
    const cost = ((rank() ?? 0) * 640 * 64) / 1e6;
    expect(cost).toBeGreaterThan(1);
    expect(plain(host)).toContain(`${cost.toFixed(2)} M of`);
    expect(plain(host)).toContain('one 3 × 3 conv becomes two');
  });

  it('is dragged: tree and sentence follow, and the release is one step', async () => {
    await truncating();
    const handle = slider();
    handle.setPointerCapture = () => undefined;
    const box = handle.getBoundingClientRect();
    const x = box.left + box.width / 2;
    point(handle, 'pointerdown', x, box.top + 10);
    point(handle, 'pointermove', x + 60, box.top + 10);
    const dragged = rank() ?? 0;
    expect(dragged).toBeGreaterThan(Number(handle.ariaValueNow));
    await until(() => slider().ariaValueNow === String(dragged));
    const moved = slider().getBoundingClientRect();
    // The plot is 64 directions wide: the handle stands within half of one of the pointer.
    expect(Math.abs(moved.left + moved.width / 2 - x - 60)).toBeLessThan(4);
    expect(studio.getState().ranks).toEqual({ [layer]: dragged });
    point(slider(), 'pointerup', x + 60, box.top + 10);
    await until(() => studio.getState().preview.state === 'measured');
    actions.undo();
    expect(studio.getState().ranks).toEqual({});
  });

  it('takes keys, steps of energy, and "whole" from the break-even rank on', async () => {
    const { host } = await truncating();
    const before = rank() ?? 0;
    const press = (key: string) => {
      slider().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      slider().dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true }));
    };
    press('ArrowLeft');
    await until(() => rank() === before - 1);
    const more = [...host.querySelectorAll<HTMLButtonElement>('button')].find(({ slot }) => slot === 'increment');
    more?.click();
    await until(() => rank() === before);
    press('End');
    await until(() => rank() === undefined);
    await until(() => plain(host).includes('stays one convolution'));
    named(host, 'Follow budget').click();
    await until(() => rank() === before);
  });

  it('copies the energy, not the rank, to all layers', async () => {
    const { host } = await truncating();
    actions.releaseRank(layer, 12);
    await until(() => slider().ariaValueNow === '12');
    named(host, 'Use for all layers').click();
    const { ranks, scoring } = studio.getState();
    expect(Object.keys(ranks)).toHaveLength(scoring.spectra?.kernels.length ?? 0);
    expect(ranks[layer]).toBe(12);
    const own = scoring.spectra?.kernels.find(({ layers }) => layers.includes(layer))?.values ?? [];
    const energy = (values: ArrayLike<number>, count: number) =>
      Array.from(values)
        .slice(0, count)
        .reduce((sum, value) => sum + value ** 2, 0) / Array.from(values).reduce((sum, value) => sum + value ** 2, 0);
    const least = energy(own, 12);
    for (const { layers, values } of scoring.spectra?.kernels ?? []) {
      const given = ranks[layers[0] ?? ''] ?? 0;
      expect(energy(values, given)).toBeGreaterThanOrEqual(least - 1e-6);
      expect(energy(values, given - 1)).toBeLessThan(least);
    }
    await until(() => plain(host).includes('All follow budget'));
    named(host, 'All follow budget').click();
    expect(studio.getState().ranks).toEqual({});
  });

  it('says why a layer stays whole', async () => {
    const { host } = await truncating();
    actions.show({ layer: 'stage2.block1.shortcut.conv' });
    const projection = studio
      .getState()
      .network?.view.graph.layers.find((other) => other.op === 'conv' && other.kernelSize[0] === 1);
    actions.show({ layer: projection?.id ?? '' });
    await until(() => plain(host).includes('This layer stays whole'));
  });
});

describe('the tree of ranks', () => {
  it('counts directions, cuts none by hand, and says the trade in its own words', async () => {
    page = await mount(<Tree />, { width: 830, height: 640 });
    actions.chooseMethod('svd');
    const { host } = page;
    await until(() => plain(host).includes('layers to rank'));
    await until(() => host.querySelector('[role="grid"]')?.textContent?.includes('rank') === true);
    const words = [...host.querySelectorAll('[role="row"]')].map((row) => row.textContent);
    const row = words.find((text) => text.startsWith('3.3 b')) ?? words.find((text) => text.includes('rank')) ?? '';
    expect(row).toMatch(/rank \d+ of \d+/);
    expect(plain(host)).toMatch(/Keeping 50 % of the compute truncates \d+ of 18 layers to rank \d+–\d+ and leaves/);
  });
});
