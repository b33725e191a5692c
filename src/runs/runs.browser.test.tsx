import { afterEach, describe, expect, it } from 'vitest';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { sampleRun } from '../studio/run-sample';
import { actions, studio } from '../studio/store';
import { Notices } from '../ui/notices';
import { Runs } from './runs';

const size = { width: 1200, height: 300 };
const runs = [
  sampleRun({ run: 'mine', method: 'l1', budget: 0.5, final: 0.94, seconds: 94, epochs: 3, started: 9 }),
  sampleRun({ run: 'left', method: 'l2', state: 'interrupted', cut: 0.6, started: 8 }),
  sampleRun({ run: 'ref', method: 'taylor', budget: 0.35, final: 0.93, origin: 'reference' }),
  sampleRun({ run: 'other', method: 'taylor', final: 0.5, origin: 'reference', data: { source: 'cifar10' } }),
];

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (element: Element | null) => (element?.textContent ?? '').replaceAll('\u00a0', ' ');
const lines = (host: HTMLElement) => [...host.querySelectorAll('tbody tr')].map(plain);
const sent = (command: string) =>
  (page?.client.received ?? []).flatMap((call) => (call.command === command ? [call.params] : []));

describe('the runs table', () => {
  it('lists yours first and reference runs of this network on these data', async () => {
    page = await mount(<Runs />, size, { runs });
    const [first = '', second = '', third = '', ...rest] = lines(page.host);
    expect(rest).toEqual([]);
    expect(first).toContain('L1 norm50 %');
    expect(first).toContain('3 epochs, 1:34 min');
    expect(second).toContain('this browser, interrupted');
    expect(third).toContain('shipped reference');
    expect(plain(page.host)).toContain('2 runs of yours; 1 reference run ships with this network');
  });

  it('says what will stand there when nothing does', async () => {
    page = await mount(<Runs />, size);
    expect(lines(page.host)).toEqual(['Fine-tune a cut and it appears here']);
    expect(page.host.querySelectorAll('th')).toHaveLength(10);
  });

  it('puts ticked runs beside each other, and takes them away with the last tick', async () => {
    page = await mount(<Runs />, size, { runs });
    const { host } = page;
    expect(named(host, 'Compare').matches(':disabled')).toBe(true);
    for (const box of ['Compare L1 norm to 50 %', 'Compare Taylor to 35 %']) named(host, box).click();
    await until(() => plain(host).includes('Compare 2 ticked'));
    named(host, 'Compare 2 ticked').click();
    expect(studio.getState().view.side).toBe('compare');
    await until(() => named(host, 'Compare 2 ticked').ariaPressed === 'true');
    for (const box of ['Compare L1 norm to 50 %', 'Compare Taylor to 35 %']) named(host, box).click();
    expect(studio.getState().view).toMatchObject({ ticked: [], side: 'chart' });
  });

  it('resumes, duplicates and exports a run; deletes only when asked twice', async () => {
    page = await mount(<Runs />, size, { runs });
    const { host } = page;
    named(host, 'Resume L2 norm to 50 %').click();
    await until(() => sent('controlRun').length === 1);
    named(host, 'Duplicate the settings of Taylor to 35 %').click();
    expect(studio.getState().rules.budget).toBe(0.35);
    expect(studio.getState().scoring.method).toBe('taylor');
    named(host, 'Export L1 norm to 50 %').click();
    await until(() => sent('exportNetwork').length === 1);
    expect(sent('exportNetwork')[0]).toMatchObject({ run: 'mine', format: 'safetensors' });
    named(host, 'Delete L1 norm to 50 %').click();
    expect(sent('deleteRun')).toEqual([]);
    await until(() => plain(host).includes('Delete for good'));
    named(host, 'Delete L1 norm to 50 % for good').click();
    await until(() => lines(host).length === 2);
    expect(sent('deleteRun')).toEqual([{ run: 'mine' }]);
  });
});

describe('notices', () => {
  it('carries one action and goes when it is taken', async () => {
    page = await mount(<Notices />, size);
    let taken = 0;
    const action = { label: 'Resume', run: () => (taken += 1) };
    studio.setState({ notices: [{ id: 1, tone: 'error', message: 'The GPU was reset.', action }] });
    await until(() => page?.host.querySelector('[role="alert"]') !== null);
    named(page.host, 'Resume').click();
    expect(taken).toBe(1);
    await until(() => studio.getState().notices.length === 0);
    actions.show({ outlined: null });
  });
});
