import { afterEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { App } from '../app/app';
import { mount, nextFrame, point, until, type Mounted } from '../studio/mounted';
import { actions, studio } from '../studio/store';
import { Tree } from './tree';

const size = { width: 830, height: 640 };

let mounted: Mounted | undefined;
afterEach(() => {
  vi.unstubAllGlobals();
  mounted?.unmount();
});

const canvasOf = (host: HTMLElement): HTMLCanvasElement => {
  const canvas = host.querySelector<HTMLCanvasElement>('[role="grid"]')?.parentElement?.querySelector('canvas');
  if (canvas === null || canvas === undefined) throw new Error('The tree has no canvas.');
  return canvas;
};

/** A fingerprint of the picture; reading it back waits for everything that was drawn. */
const pixels = (canvas: HTMLCanvasElement): number => {
  const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
  let hash = 2_166_136_261;
  for (const value of data) hash = Math.imul(hash ^ value, 16_777_619);
  return hash;
};

const gridOf = (host: HTMLElement): HTMLElement => {
  const grid = host.querySelector<HTMLElement>('[role="grid"]');
  if (grid === null) throw new Error('The tree has no grid.');
  return grid;
};

const press = (target: Element, key: string, ctrlKey = false): void => {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
};

const layer = 'stage1.block1.conv1';
const removed = (): readonly number[] => studio.getState().plan?.removed[layer] ?? [];

describe('the tree', () => {
  it('repaints the whole page within a frame while the budget of ResNet-56 is dragged', async () => {
    await page.viewport(1440, 1560);
    mounted = await mount(<App />, { width: 1440, height: 1560 }, { network: { architecture: 'resnet56' } });
    const canvas = canvasOf(mounted.host);
    const rows = mounted.host.querySelectorAll('[role="grid"] > [role="row"]');
    expect(rows).toHaveLength(56);
    expect(studio.getState().plan?.filters.total).toBeGreaterThan(1900);
    await nextFrame();

    // Frames run at once, so that each move's time holds planning, rendering, painting and rasterising.
    vi.stubGlobal('requestAnimationFrame', (paint: FrameRequestCallback) => {
      paint(performance.now());
      return 0;
    });
    const before = pixels(canvas);
    const medians: number[] = [];
    // Other programs on the machine only ever add time: the least disturbed of a few rounds counts.
    while (medians.length < 4 && Math.min(...medians) >= 16) {
      const times: number[] = [];
      for (let move = 0; move < 60; move += 1) {
        const began = performance.now();
        actions.dragBudget(0.9 - 0.01 * move);
        canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
        times.push(performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve));
      }
      medians.push(times.sort((first, second) => first - second)[30] ?? Infinity);
    }
    expect(pixels(canvas)).not.toBe(before);
    expect(Math.min(...medians)).toBeLessThan(16);
    actions.cancelDrag();
    expect(pixels(canvas)).toBe(before);
  });

  it('cuts, brings back and undoes a filter from the keyboard', async () => {
    mounted = await mount(<Tree />, size);
    const grid = gridOf(mounted.host);
    const before = removed();
    for (const key of ['Home', 'ArrowDown', 'ArrowRight']) {
      press(grid, key);
      await nextFrame();
    }
    const active = grid.querySelector('#tree-active');
    expect(grid.getAttribute('aria-activedescendant')).toBe('tree-active');
    expect(active?.textContent).toMatch(/^Filter \d+, kept, rank 1 of 16$/);
    press(grid, 'Delete');
    expect(removed().length).toBeGreaterThan(before.length - 3);
    expect(studio.getState().rules.byHand[layer]?.cut).toHaveLength(1);
    actions.undo();
    expect(removed()).toEqual(before);

    press(grid, 'p');
    expect(studio.getState().rules.protect).toEqual([layer]);
    expect(removed()).toEqual([]);
    press(grid, 'Enter');
    expect(studio.getState().view.layer).toBe(layer);
  });

  it('inspects and toggles what the pointer presses, and lights every tied copy', async () => {
    mounted = await mount(<Tree />, size);
    const { host } = mounted;
    const canvas = canvasOf(host);
    const box = canvas.getBoundingClientRect();
    const grid = gridOf(host);
    const pitch = box.height / 22;
    const at = { x: box.left + 170, y: box.top + 2.3 * pitch };
    const before = pixels(canvas);
    point(grid, 'pointermove', at.x, at.y);
    await until(() => host.querySelector('[role="tooltip"]') !== null);
    await nextFrame();
    expect(studio.getState().view.hovered?.layer).toBe('stage1.block1.conv2');
    // Tied with the stem and the other two blocks that add to the stream.
    expect(host.querySelector('[role="tooltip"]')?.textContent).toContain('Tied with 3 other layers');
    expect(pixels(canvas)).not.toBe(before);

    grid.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: at.x, clientY: at.y }));
    expect(studio.getState().view.layer).toBe('stage1.block1.conv2');
    expect(studio.getState().rules.byHand['stage1.block1.conv2']?.cut).toHaveLength(1);
    expect(studio.getState().plan?.removed['stem']).toContain(studio.getState().view.hovered?.channel);
  });

  it('fades what a decision changes; under the hand, and where no motion is wanted, it is there at once', async () => {
    mounted = await mount(<Tree />, size);
    const canvas = canvasOf(mounted.host);
    // The first plan fades in, too.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await nextFrame();
    let frames: FrameRequestCallback[] = [];
    vi.stubGlobal('requestAnimationFrame', (paint: FrameRequestCallback) => frames.push(paint));
    const picturesFrom = (start: number): readonly number[] =>
      [0, 80, 160, 240].map((later) => {
        const due = frames;
        frames = [];
        for (const paint of due) paint(start + later);
        return pixels(canvas);
      });
    actions.changeRules({ budget: 0.3 });
    const faded = picturesFrom(1000);
    expect(new Set(faded.slice(0, 3)).size).toBe(3);
    expect(faded[3]).toBe(faded[2]);
    actions.dragBudget(0.6);
    expect(new Set(picturesFrom(2000)).size).toBe(1);
    actions.releaseBudget(0.6);
    picturesFrom(3000);
    vi.stubGlobal('matchMedia', () => ({ matches: true }));
    actions.changeRules({ budget: 0.3 });
    const still = picturesFrom(4000);
    expect(new Set(still).size).toBe(1);
    expect(still[0]).toBe(faded[3]);
  });

  it('folds the stages of a deep network where there is no room, and unfolds one on a press', async () => {
    mounted = await mount(<Tree />, size, { network: { architecture: 'resnet56' } });
    const { host } = mounted;
    const lines = (): number => host.querySelectorAll('[role="grid"] > [role="row"]').length;
    // Stem, 18 layers of the open stage, two folded stages, classifier.
    expect(lines()).toBe(22);
    const folded = [...host.querySelectorAll('[role="rowheader"]')].find((row) => row.textContent.includes('folded'));
    expect(folded?.textContent).toContain('Stage 2, 18 layers, folded');
    const canvas = canvasOf(host).getBoundingClientRect();
    const y = canvas.top + (19.5 * canvas.height) / 22;
    gridOf(host).dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: canvas.left + 400, clientY: y }));
    await until(() => lines() === 39);
  });
});
