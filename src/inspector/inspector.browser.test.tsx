import { afterEach, describe, expect, it } from 'vitest';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { actions, studio } from '../studio/store';
import { Inspector } from './inspector';

const size = { width: 560, height: 280 };

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const convs = () => (studio.getState().network?.view.graph.layers ?? []).filter(({ op }) => op === 'conv');
const removed = (layer: string) => studio.getState().plan?.removed[layer]?.length ?? 0;
const plain = (host: HTMLElement) => host.textContent.replaceAll('\u00a0', ' ');
/** Inked pixels of a canvas: those that differ from a cleared one. */
const inked = (canvas: HTMLCanvasElement) => {
  const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  let count = 0;
  for (let at = 3; at < data.length; at += 4) if ((data[at] ?? 0) > 0) count += 1;
  return count;
};

describe('the inspector', () => {
  it('describes the layer and draws a kernel and a dot per filter', async () => {
    page = await mount(<Inspector />, size);
    const layer = convs()[9]?.id ?? '';
    actions.show({ layer });
    await until(() => page?.host.querySelector('h2')?.textContent === 'Layer 2.1 p');
    expect(plain(page.host)).toContain('1 × 1 conv, 16 to 32 channels, 16 × 16, tied with 2.1 b, 2.2 b and 2.3 b');
    await until(() => [...(page?.host.querySelectorAll('canvas') ?? [])].every((canvas) => inked(canvas) > 500));
  });

  it('keeps as many filters as asked, and the cost follows', async () => {
    page = await mount(<Inspector />, size);
    const { host } = page;
    const layer = convs().find(({ id }) => removed(id) > 3)?.id ?? '';
    actions.show({ layer });
    await until(() => host.querySelector('h2')?.textContent !== 'Layer');
    const before = removed(layer);
    const cost = () => host.querySelector('[title^="Multiply-adds"] b')?.textContent;
    const costBefore = cost();
    const more = [...host.querySelectorAll<HTMLButtonElement>('button')].find((button) => button.slot === 'increment');
    more?.click();
    await until(() => removed(layer) === before - 1);
    await until(() => cost() !== costBefore);
    expect(studio.getState().canUndo).toBe(true);
    // The override can be given back to the budget.
    await until(() => plain(host).includes('Follow budget'));
    named(host, 'Follow budget').click();
    await until(() => studio.getState().rules.keep[layer] === undefined && removed(layer) === before);
  });

  it('protects a layer', async () => {
    page = await mount(<Inspector />, size);
    const layer = convs().find(({ id }) => removed(id) > 3)?.id ?? '';
    actions.show({ layer });
    await until(() => page?.host.querySelector('input[type="checkbox"]') !== null);
    page.host.querySelector<HTMLInputElement>('input[type="checkbox"]')?.click();
    await until(() => removed(layer) === 0);
    expect(studio.getState().rules.protect).toEqual([layer]);
  });

  it('toggles the filter whose kernel is pressed and lights up the one pointed at', async () => {
    page = await mount(<Inspector />, size);
    const layer = convs()[0]?.id ?? '';
    actions.show({ layer });
    const canvas = page.host.querySelector('canvas');
    await until(() => canvas !== null && inked(canvas) > 500);
    const box = canvas?.getBoundingClientRect();
    const at = { bubbles: true, clientX: (box?.left ?? 0) + 5, clientY: (box?.top ?? 0) + 5 };
    canvas?.dispatchEvent(new PointerEvent('pointermove', at));
    const lit = studio.getState().view.hovered;
    expect(lit?.layer).toBe(layer);
    expect(studio.getState().plan?.removed[layer] ?? []).not.toContain(lit?.channel);
    canvas?.dispatchEvent(new MouseEvent('click', at));
    await until(() => studio.getState().plan?.removed[layer]?.includes(lit?.channel ?? -1) === true);
    expect(studio.getState().rules.byHand[layer]?.cut).toContain(lit?.channel);
  });

  it('measures the layer when asked and says when the figure is of an older cut', async () => {
    page = await mount(<Inspector />, size);
    const { host, client } = page;
    named(host, 'Measure time').click();
    // The fixture answers 1.24 and 0.83 ms.
    await until(() => plain(host).includes('1.2 ms → 0.83 ms'));
    expect(client.received.filter(({ command }) => command === 'measureLayer')).toHaveLength(1);
    actions.releaseBudget(0.7);
    await until(() => plain(host).includes('Measure again'));
  });

  it('says why a locked layer cannot be cut', async () => {
    page = await mount(<Inspector />, size);
    const { host } = page;
    actions.show({
      layer: studio.getState().network?.view.graph.layers.findLast(({ op }) => op === 'dense')?.id ?? '',
    });
    await until(() => plain(host).includes('Cannot be cut:'));
    expect(host.querySelector('input[type="checkbox"]')).toBeNull();
  });
});
