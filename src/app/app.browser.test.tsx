import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { sampleRun } from '../studio/run-sample';
import { studio } from '../studio/store';
import { App } from './app';

const size = { width: 1440, height: 900 };
const runs = [
  sampleRun({ run: 'a', method: 'l1', budget: 0.7, share: 0.7, final: 0.96, origin: 'reference' }),
  sampleRun({ run: 'b', method: 'l1', budget: 0.4, share: 0.4, final: 0.94, origin: 'reference' }),
];

let mounted: Mounted;
beforeEach(async () => {
  await page.viewport(size.width, size.height);
  mounted = await mount(<App />, size, { runs });
});
afterEach(() => mounted.unmount());

const plain = (text: string | null | undefined): string => (text ?? '').replaceAll('\u00a0', ' ');
const headline = (): string => plain(mounted.host.querySelector('h1')?.textContent);

const key = (target: Element, type: 'keydown' | 'keyup', name: string, options: KeyboardEventInit = {}): void => {
  target.dispatchEvent(new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true, ...options }));
};

describe('the page', () => {
  it('says the present trade in one sentence: measured, and estimated between measured runs', () => {
    const { plan, preview } = studio.getState();
    const cut = `${((preview.accuracy ?? 0) * 100).toFixed(1)} %`;
    expect(headline()).toContain(`removes ${plan?.filters.removed ?? 0} of 784 filters`);
    expect(headline()).toContain(`Accuracy drops from 96.8 % to ${cut} at the cut`);
    // Half way between 94 % at 40 and 96 % at 70, give or take the share the planner reached.
    const back = Number(/about (\d+\.\d) % fine-tuned/.exec(headline())?.[1]);
    expect(back).toBeCloseTo(94 + (((plan?.share ?? 0) - 0.4) / 0.3) * 2, 0);
  });

  it.each([
    [1440, 900],
    [1280, 720],
  ])('says it in two lines at %d x %d', async (width, height) => {
    await page.viewport(width, height);
    mounted.host.style.width = `${width}px`;
    await until(() => /at the cut \(.* recalibrated\), about .* fine-tuned\.$/.test(headline()));
    const sentence = mounted.host.querySelector('h1');
    const line = Number.parseFloat(sentence === null ? '' : getComputedStyle(sentence).lineHeight);
    expect(sentence?.scrollHeight).toBe(2 * line);
  });

  it('moves the budget from its number in the sentence: a held key drags, letting go decides', async () => {
    const scrub = [...mounted.host.querySelectorAll('h1 [role="slider"]')][0];
    if (scrub === undefined) throw new Error('The sentence has no slider.');
    key(scrub, 'keydown', 'ArrowLeft');
    key(scrub, 'keydown', 'ArrowLeft', { shiftKey: true });
    await until(() => headline().startsWith('Keeping 44 %'));
    expect(studio.getState().canUndo).toBe(false);
    key(scrub, 'keyup', 'ArrowLeft');
    expect(studio.getState().canUndo).toBe(true);
    await until(() => studio.getState().preview.state === 'measured');

    key(document.body, 'keydown', 'z', { ctrlKey: true });
    await until(() => headline().startsWith('Keeping 50 %'));
    key(document.body, 'keydown', 'z', { ctrlKey: true, shiftKey: true });
    await until(() => headline().startsWith('Keeping 44 %'));
  });

  it('edits a stage of the recipe in place', async () => {
    named(mounted.host, 'Prune').click();
    await until(() => document.querySelector('[role="dialog"] select') !== null);
    const select = [...document.querySelectorAll<HTMLSelectElement>('[role="dialog"] select')][0];
    if (select === undefined) throw new Error('The editor has no allocation.');
    select.value = 'uniform';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    expect(studio.getState().rules.allocation).toBe('uniform');
    await userEvent.keyboard('{Escape}');
    await until(() => document.querySelector('[role="dialog"]') === null);
  });

  it('starts the run the recipe line shows', async () => {
    named(mounted.host, 'Fine-tune this cut').click();
    await until(() => studio.getState().activeRun !== null);
    const started = mounted.client.received.find(({ command }) => command === 'startRun');
    expect(started?.params).toMatchObject({
      recipe: {
        network: { source: 'shipped', id: 'resnet20-shapes10' },
        data: { source: 'shapes10' },
        stages: [
          { stage: 'score', method: 'l1' },
          { stage: 'prune', budget: 0.5 },
          { stage: 'recalibrate' },
          { stage: 'fine-tune', epochs: 3 },
          { stage: 'evaluate', split: 'test' },
        ],
      },
    });
    await until(() => mounted.host.querySelector('nav [data-state="now"]') !== null);
    expect(named(mounted.host, 'Pause')).toBeDefined();
  });

  // Last: what was opened stays open over a restart of the page's client.
  it('opens files dropped anywhere', async () => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['bytes'], 'mine.safetensors'));
    const drag = (type: string) => new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
    mounted.host.dispatchEvent(drag('dragover'));
    await until(() => document.body.textContent.includes('Drop a network, a data set or a project'));
    mounted.host.dispatchEvent(drag('drop'));
    await until(() => studio.getState().network?.view.source.source === 'file');
    const opened = mounted.client.received.findLast(({ command }) => command === 'openNetwork');
    expect(opened?.params).toMatchObject({ source: { source: 'file', name: 'mine.safetensors' } });
  });
});
