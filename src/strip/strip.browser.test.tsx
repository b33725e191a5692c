import { afterEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../workers/protocol';
import { mount, named, until, type Mounted } from '../studio/mounted';
import { sampleRun } from '../studio/run-sample';
import { studio } from '../studio/store';
import { Strip } from './strip';

const size = { width: 1200, height: 120 };

let page: Mounted | undefined;
afterEach(() => page?.unmount());

const plain = (host: HTMLElement) => host.textContent.replaceAll('\u00a0', ' ');
const sent = (command: string) =>
  (page?.client.received ?? []).flatMap((call) => (call.command === command ? [call.params] : []));
const say = (event: RunEvent) => page?.client.emit({ kind: 'run', event });

async function training(): Promise<Mounted> {
  const live = sampleRun({ run: 'live', method: 'l1', state: 'running', cut: 0.61, started: 5, epochs: 20 });
  page = await mount(<Strip />, size, { runs: [live] });
  say({ run: 'live', event: 'state', state: 'running' });
  return page;
}

describe('the training strip', () => {
  it('says what the fine-tune is while nothing trains', async () => {
    page = await mount(<Strip />, size);
    expect(plain(page.host)).toContain('Nothing is training');
    expect(plain(page.host)).toContain('3 epochs of 5,000 images');
    expect(named(page.host, 'Resume').matches(':disabled')).toBe(true);
  });

  it('shows step, speed, time left and curves of the running run', async () => {
    const { host } = await training();
    say({
      run: 'live',
      event: 'metrics',
      points: [
        { stage: 3, epoch: 0, step: 10, loss: 0.5, accuracy: 0.8, split: null, learningRate: 0.02 },
        { stage: 3, epoch: 0, step: 20, loss: 0.5, accuracy: 0.917, split: 'validation', learningRate: 0.02 },
      ],
    });
    say({
      run: 'live',
      event: 'progress',
      progress: {
        stage: 3,
        stageName: 'fine-tune',
        note: 'epoch 1 of 20',
        done: 20,
        total: 1560,
        imagesPerSecond: 412.3,
        multiplyAddsPerSecond: 2.43e10,
        secondsLeft: 801,
      },
    });
    await until(() => plain(host).includes('412 images/s'));
    for (const text of [
      'L1 norm to 50 %',
      'epoch 1 of 20, running',
      '20 / 1,560',
      '24.3 G/s',
      '13 min 21 s',
      '91.7 %',
    ]) {
      expect(plain(host)).toContain(text);
    }
    expect(host.querySelectorAll('canvas')).toHaveLength(2);
  });

  it('pauses, steps and resumes by its buttons and by Space and "."', async () => {
    const { host } = await training();
    await until(() => host.querySelector('[aria-label="Pause"]') !== null);
    expect(named(host, 'Single step').matches(':disabled')).toBe(true);
    named(host, 'Pause').click();
    await until(() => host.querySelector('[aria-label="Resume"]') !== null);
    const press = (key: string) =>
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    press('.');
    press(' ');
    await until(() => sent('controlRun').length === 3);
    expect(sent('controlRun')).toEqual([
      { run: 'live', action: 'pause' },
      { run: 'live', action: 'step' },
      { run: 'live', action: 'resume' },
    ]);
  });

  it('leaves Space to the control that has the focus', async () => {
    const { host } = await training();
    await until(() => host.querySelector('[aria-label="Pause"]') !== null);
    named(host, 'Stop').dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true }));
    expect(sent('controlRun')).toEqual([]);
  });

  it('offers a remedy where a run failed', async () => {
    const error = { kind: 'DivergedError', message: 'The loss is not a finite number at step 12.', data: { step: 12 } };
    page = await mount(<Strip />, size, { runs: [{ ...sampleRun({ state: 'failed', cut: 0.6 }), error }] });
    const { host } = page;
    await until(() => plain(host).includes('not a finite number'));
    named(host, 'Halve the learning rate').click();
    expect(studio.getState().fineTune.learningRate).toBe(0.01);
  });

  it('offers Resume for a run the last visit left behind', async () => {
    page = await mount(<Strip />, size, { runs: [sampleRun({ run: 'left', state: 'interrupted', cut: 0.6 })] });
    expect(plain(page.host)).toContain('Taylor to 50 % was interrupted');
    named(page.host, 'Resume').click();
    await until(() => sent('controlRun').length === 1);
    expect(sent('controlRun')[0]).toEqual({ run: 'left', action: 'resume' });
  });
});
