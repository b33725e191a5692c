import { afterEach, describe, expect, it } from 'vitest';
import { mount, named, nextFrame, point, until, type Mounted } from '../studio/mounted';
import { sampleRun } from '../studio/run-sample';
import { actions, studio } from '../studio/store';
import { TradeOff } from './tradeoff';

const size = { width: 560, height: 330 };
const runs = [
  sampleRun({ run: 'a', method: 'l1', budget: 0.75, share: 0.75, final: 0.96, origin: 'reference' }),
  sampleRun({ run: 'b', method: 'l1', budget: 0.45, share: 0.45, final: 0.95, origin: 'reference' }),
  sampleRun({ run: 'c', method: 'random', budget: 0.5, share: 0.5, final: 0.5, origin: 'reference' }),
];

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const slider = (host: HTMLElement) => named(host, 'Compute budget');
const lineX = (host: HTMLElement) => {
  const box = slider(host).getBoundingClientRect();
  return box.left + box.width / 2;
};

describe('the trade-off chart', () => {
  it('puts the budget line where the axis has its value', async () => {
    page = await mount(<TradeOff />, size, { runs });
    const { host } = page;
    await until(() => host.querySelector('.recharts-cartesian-axis-tick-value') !== null);
    const texts = [...host.querySelectorAll<SVGElement>('.recharts-cartesian-axis-tick-value')];
    const at = (text: string) => {
      const box = texts.find((tick) => tick.textContent === text)?.getBoundingClientRect();
      return box === undefined ? Number.NaN : box.left + box.width / 2;
    };
    // 50 lies half way between the ticks 40 and 60.
    expect(Math.abs(lineX(host) - (at('40') + at('60')) / 2)).toBeLessThan(1);
    expect(slider(host).getAttribute('aria-valuetext')?.replaceAll('\u00a0', ' ')).toMatch(
      /^50 %, \d\d\.\d M multiply-adds, about 9\d\.\d %$/,
    );
  });

  it('puts points where the accuracy axis has their value, and writes low ones at the foot', async () => {
    page = await mount(<TradeOff />, size, { runs });
    const { host } = page;
    await until(() => host.querySelector('[data-point="b/final"]') !== null);
    const middle = (selector: string) => {
      const box = host.querySelector(selector)?.getBoundingClientRect();
      return box === undefined ? Number.NaN : box.top + box.height / 2;
    };
    await new Promise((resolve) => setTimeout(resolve, 300));
    const tick = [...host.querySelectorAll<SVGElement>('.recharts-cartesian-axis-tick-value')].find(
      ({ textContent }) => textContent === '95',
    );
    const box = tick?.getBoundingClientRect();
    expect(
      Math.abs(middle('[data-point="b/final"] circle') - (box === undefined ? 0 : box.top + box.height / 2)),
    ).toBeLessThan(2.5);
    expect(middle('[data-point="c/final"] circle')).toBeGreaterThan(middle('[data-point="b/final"] circle') + 30);
    expect(host.textContent).toContain('50.0');
  });

  it('injects no style element, which the content security policy would refuse', async () => {
    const known = new Set<Element>(document.querySelectorAll('style'));
    page = await mount(<TradeOff />, size, { runs });
    // Vite's own carry the file they come from; the built page has none of them.
    const foreign = [...document.querySelectorAll('style:not([data-vite-dev-id])')];
    expect(foreign.filter((style) => !known.has(style))).toEqual([]);
    expect(page.host.querySelector('style')).toBeNull();
  });

  it('follows a drag within a frame, without rendering the chart, and checks the cut on release', async () => {
    page = await mount(<TradeOff />, size, { runs, network: { architecture: 'resnet56', shortcut: 'identity' } });
    const { host, client } = page;
    await until(() => host.querySelector('.recharts-surface') !== null);
    const chart = host.querySelector('.recharts-wrapper') ?? host;
    const checks = () => client.received.filter(({ command }) => command === 'preview').length;
    const before = checks();
    const changes: MutationRecord[] = [];
    const observer = new MutationObserver((records) => changes.push(...records));
    const handle = slider(host);
    const start = lineX(host);
    const y = handle.getBoundingClientRect().top + 10;
    // Synthetic events have no pointer to capture.
    handle.setPointerCapture = () => undefined;
    point(handle, 'pointerdown', start, y);
    observer.observe(chart, { subtree: true, childList: true });
    const times: number[] = [];
    for (let move = 1; move <= 60; move += 1) {
      const began = performance.now();
      point(handle, 'pointermove', start - move * 2, y);
      times.push(performance.now() - began);
      await nextFrame();
      expect(Math.abs(lineX(host) - (start - move * 2))).toBeLessThan(1);
    }
    observer.disconnect();
    expect(changes).toEqual([]);
    times.sort((a, b) => a - b);
    expect(times[30]).toBeLessThan(16);
    expect(checks()).toBe(before);
    expect(studio.getState().preview.state).toBe('estimate');

    point(handle, 'pointerup', start - 120, y);
    await until(() => studio.getState().preview.state === 'measured');
    expect(checks()).toBe(before + 1);
  });

  it('drags the line from a point that lies on it; a press that does not move still opens the point', async () => {
    const onTheLine = sampleRun({ run: 'd', method: 'l1', budget: 0.5, share: 0.5, final: 0.955, origin: 'reference' });
    page = await mount(<TradeOff />, size, { runs: [...runs, onTheLine] });
    const { host } = page;
    await until(() => host.querySelector('[data-point="d/final"]') !== null);
    const mark = host.querySelector('[data-point="d/final"]') ?? host;
    const handle = slider(host);
    handle.setPointerCapture = () => undefined;
    const x = lineX(host);
    point(mark, 'pointerdown', x, 100);
    point(mark, 'pointermove', x + 1, 100);
    point(mark, 'pointerup', x + 1, 100);
    expect(studio.getState().rules.budget).toBe(0.5);
    point(mark, 'pointerdown', x, 100);
    point(mark, 'pointermove', x - 40, 100);
    expect(studio.getState().rules.budget).toBeLessThan(0.5);
    point(handle, 'pointerup', x - 40, 100);
    await until(() => studio.getState().preview.state === 'measured');
    expect(studio.getState().canUndo).toBe(true);
  });

  it('takes the keyboard: steps, ends, and Esc while dragging', async () => {
    page = await mount(<TradeOff />, size, { runs });
    const handle = slider(page.host);
    const press = (key: string, shiftKey = false) => {
      handle.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
      handle.dispatchEvent(new KeyboardEvent('keyup', { key, shiftKey, bubbles: true }));
    };
    press('ArrowLeft');
    expect(studio.getState().rules.budget).toBeCloseTo(0.49, 10);
    press('ArrowRight', true);
    expect(studio.getState().rules.budget).toBeCloseTo(0.54, 10);
    press('End');
    expect(studio.getState().rules.budget).toBe(1);
    expect(studio.getState().canUndo).toBe(true);

    handle.setPointerCapture = () => undefined;
    const x = lineX(page.host);
    point(handle, 'pointerdown', x, 0);
    point(handle, 'pointermove', x - 100, 0);
    expect(studio.getState().rules.budget).toBeLessThan(0.9);
    handle.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(studio.getState().rules.budget).toBe(1);
  });

  it('cites published results of the papers networks, in brackets, apart from what was measured', async () => {
    page = await mount(<TradeOff />, size, { runs });
    const { host } = page;
    expect(host.querySelector('[data-published]')).toBeNull();
    const front = () => host.querySelectorAll('[data-point]').length;
    await actions.openDataset({ source: 'cifar10' });
    await until(() => host.querySelectorAll('[data-published]').length === 3);
    // Runs on other data are not about this network any more; citations make no point of their own.
    expect(front()).toBe(0);
    const [mark] = host.querySelectorAll<SVGGElement>('[data-published]');
    expect(mark?.getAttribute('aria-label')?.replaceAll('\u00a0', ' ')).toBe(
      'TRP, channel, published, not measured here: 46.1 % of the multiply-adds, 90.5 % on CIFAR-10, original 91.7 %; Xu et al., TRP, 2020: the repository of the authors',
    );
    mark?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    await until(() => host.textContent.includes('Not measured here'));
    named(host, 'published').click();
    await until(() => host.querySelector('[data-published]') === null);
  });

  it('previews a point on hover, opens it on click, ticks it on Shift-click', async () => {
    page = await mount(<TradeOff />, size, { runs });
    const { host, client } = page;
    await until(() => host.querySelector('[data-point="b/final"]') !== null);
    const mark = host.querySelector('[data-point="b/final"]');
    mark?.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
    expect(studio.getState().view.outlined).toEqual({ run: 'b', candidate: 'final' });
    mark?.dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }));
    expect(studio.getState().view.ticked).toEqual([{ run: 'b', candidate: null }]);
    mark?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    await until(() => client.received.some(({ command }) => command === 'openCandidate'));
  });
});
