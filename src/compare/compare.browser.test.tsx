import { afterEach, describe, expect, it } from 'vitest';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { sampleRun } from '../studio/run-sample';
import { actions, studio } from '../studio/store';
import type { RunSummary } from '../../workers/protocol';
import { ComparePane } from './compare-pane';

const size = { width: 620, height: 520 };

/** Shipped references bring figures and no networks. */
function unstored(run: RunSummary): RunSummary {
  return { ...run, candidates: run.candidates.map((candidate) => ({ ...candidate, stored: false })) };
}

const runs = [
  sampleRun({ run: 'mine', method: 'l1', budget: 0.5, cut: 0.4, final: 0.94 }),
  sampleRun({ run: 'other', method: 'fpgm', budget: 0.5, cut: 0.4, final: 0.92 }),
  unstored(sampleRun({ run: 'ref', method: 'taylor', budget: 0.35, final: 0.93, origin: 'reference' })),
];

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (element: Element | null) => (element?.textContent ?? '').replaceAll('\u00a0', ' ');
const cells = (host: HTMLElement, name: string) => {
  const row = [...host.querySelectorAll('tbody tr')].find((line) => plain(line.querySelector('th')) === name);
  return [...(row?.querySelectorAll('td') ?? [])].map(plain);
};

async function compare(...ticks: string[]): Promise<HTMLElement> {
  page = await mount(<ComparePane />, size, { runs });
  for (const run of ticks) actions.tick({ run, candidate: null }, true);
  actions.show({ side: 'compare' });
  const { host } = page;
  await until(() => cells(host, 'Forward pass').length > 0);
  return host;
}

describe('the comparison', () => {
  it('measures original and ticked networks on the same images, and says what cannot be measured', async () => {
    const host = await compare('mine', 'other', 'ref');
    const sent = page?.client.received.filter(({ command }) => command === 'compareNetworks') ?? [];
    expect(sent.at(-1)?.params).toMatchObject({
      split: 'validation',
      networks: [expect.any(String), expect.any(String), expect.any(String)],
    });
    expect(plain(host)).toContain('Taylor to 35 %: the network is not stored');
    expect(cells(host, 'Accuracy')[0]).toBe('94.1 %');
    expect(cells(host, 'Verdict')).toEqual(['–', 'not distinguishable', 'not distinguishable', '–']);
    expect(cells(host, 'Multiply-adds')[3]).toBe('14.1 M');
  });

  it('holds the others against another reference when asked', async () => {
    const host = await compare('mine', 'other');
    named(host, 'Compared with: Original').click();
    await until(() => document.querySelector('[role="menu"]') !== null);
    named(document.body, 'L1 norm to 50 %').click();
    await until(() => cells(host, 'Difference')[1] === '–');
    expect(cells(host, 'Difference')[0]).toBe('0.0');
  });

  it('shows the images that flip, with both answers, largest change first', async () => {
    const host = await compare('mine', 'other');
    named(host, 'Images').click();
    const named24 = () => [...host.querySelectorAll('li')];
    await until(() => named24().length === 24);
    expect(plain(named24()[0] ?? null)).toMatch(
      /circle.*no\. 0.*Original wrongly says.*square.*L1 norm to 50 % rightly says.*circle/,
    );
    const asked = page?.client.received.find(({ command }) => command === 'imagesAt')?.params;
    expect(asked).toMatchObject({ split: 'validation' });
    expect(plain(host)).toContain('Show 24 more');
  });

  it('lists classes by what they lose and layers by where they differ', async () => {
    const host = await compare('mine');
    named(host, 'Classes').click();
    await until(() => host.querySelectorAll('tbody tr').length === 11);
    named(host, 'Layers').click();
    await until(() => plain(host).includes('Filters kept'));
    expect(cells(host, 'stem')).toEqual(['16', '16']);
  });

  it('closes with Escape', async () => {
    const host = await compare('mine');
    host
      .querySelector('[tabindex="-1"]')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    await until(() => studio.getState().view.side === 'chart');
  });
});
