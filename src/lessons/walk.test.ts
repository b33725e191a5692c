/** Every shipped lesson, walked to its end: answers are given, "Show me" is pressed, and the studio sees each target. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFixtureClient } from '../studio/fixture-client';
import { initialState } from '../studio/initial';
import { actions, connectStudio, studio } from '../studio/store';
import { methods } from '../../workers/methods';
import { parseLesson } from './lesson-file';
import { shippedLessons } from './shipped';

const read = (id: string) =>
  parseLesson(JSON.parse(readFileSync(new URL(`../../public/lessons/${id}.json`, import.meta.url), 'utf8')), id);

let started = 0;
let disconnect = (): void => undefined;
afterEach(() => disconnect());

// Traces are served beside the page.
vi.stubGlobal('document', { baseURI: 'http://localhost/' });
vi.stubGlobal('fetch', async (address: URL) => {
  const path = new URL(`../../public${address.pathname}`, import.meta.url);
  return Promise.resolve(new Response(readFileSync(path)));
});

function connect() {
  const client = createFixtureClient({ delay: 0, network: { architecture: 'resnet8', shortcut: 'projection' } });
  studio.setState(initialState({}, 'light'), true);
  const declared = methods.map(({ id, title, family, reduces, needs, settings, ...rest }) => ({
    ...rest,
    id,
    title,
    family,
    reduces,
    needs,
    settings,
  }));
  studio.setState(({ engine }) => ({ engine: { ...engine, phase: 'ready', methods: declared } }));
  // The fixture starts the same run again and again; a worker never does.
  const call: typeof client.call = async (command, params, options) => {
    const answer = await client.call(command, params, options);
    if (command !== 'startRun') return answer;
    started += 1;
    return { ...answer, run: `run-${started}` };
  };
  disconnect = connectStudio({ ...client, call });
  return client;
}

/** The cut was checked; the fixture has no images with masks, so a network that answers for pixels goes without. */
const isSettled = (): boolean => {
  const { preview, dataset, plan, opening } = studio.getState();
  return preview.state === 'measured' || (dataset === null && plan !== null && opening === null);
};

/** A replay is paused and stepped to its end: nobody waits for its pace. */
async function stepThrough(): Promise<void> {
  await vi.waitUntil(() => studio.getState().activeRun !== null, 5000);
  const run = studio.getState().activeRun ?? '';
  await actions.controlRun(run, 'pause');
  expect(studio.getState().runs.find((other) => other.run === run)).toMatchObject({
    origin: 'replay',
    state: 'paused',
  });
  for (let beat = 0; beat < 500 && studio.getState().activeRun === run; beat += 1)
    await actions.controlRun(run, 'step');
  expect(studio.getState().runs.find((other) => other.run === run)).toMatchObject({
    state: 'finished',
    origin: 'replay',
  });
}

const isDone = (at: number): boolean => studio.getState().lesson?.done[at] === true;

describe('a lesson', () => {
  it.each(shippedLessons)('%s: every step can be done the way it shows, and none by going on alone', async (id) => {
    const client = connect();
    const lesson = read(id);
    await actions.openLesson(lesson);
    for (const [at, step] of lesson.steps.entries()) {
      actions.goToStep(at);
      await vi.waitUntil(isSettled, 5000);
      expect(isDone(at), `"${step.title}" was done before anything happened`).toBe(false);
      if (step.question !== undefined) actions.answer(step.question.id, 'my answer');
      if (step.target !== undefined) actions.showMe();
      const runs = step.demo?.run === true;
      if (runs) {
        await vi.waitUntil(() => studio.getState().activeRun !== null, 5000);
        expect(isDone(at)).toBe(false);
        const run = studio.getState().activeRun ?? '';
        client.emit({ kind: 'run', event: { run, event: 'state', state: 'finished' } });
      }
      if (step.demo?.replay !== undefined) await stepThrough();
      await vi
        .waitUntil(() => isDone(at), { timeout: 5000 })
        .catch(() => {
          throw new Error(`"${step.title}" of "${id}" is not done by what it shows.`);
        });
    }
    expect(studio.getState().lesson?.done.every(Boolean)).toBe(true);
    actions.leaveLesson();
  });

  it('that is left while its run waits for scores starts no run', async () => {
    const client = connect();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    disconnect();
    const asked: string[] = [];
    const call: typeof client.call = async (command, params, options) => {
      asked.push(command);
      if (command === 'score') await held;
      return client.call(command, params, options);
    };
    disconnect = connectStudio({ ...client, call });
    const lesson = read('what-a-cut-costs');
    const arrange = { ...lesson.begin, run: true } as const;
    await actions.openLesson({
      ...lesson,
      id: 'left',
      begin: {},
      steps: lesson.steps.map((step) => ({ ...step, arrange })),
    });
    actions.goToStep(1);
    await vi.waitUntil(() => studio.getState().scoring.state === 'scoring');
    actions.leaveLesson();
    letGo();
    await vi.waitUntil(() => studio.getState().preview.state === 'measured', 5000);
    expect(asked).not.toContain('startRun');
  });

  it('holds still what no step has unlocked, and lets go when it is left', async () => {
    connect();
    await actions.openLesson(read('which-filters-matter'));
    await vi.waitUntil(() => studio.getState().preview.state === 'measured', 5000);
    actions.releaseBudget(0.3);
    actions.chooseMethod('random');
    expect(studio.getState().rules.budget).toBe(0.8);
    expect(studio.getState().scoring.method).toBe('l1');
    expect(studio.getState().notices.map(({ message }) => message)).toEqual([
      'This step of the lesson does not change the budget.',
      'This step of the lesson does not change the method.',
    ]);
    actions.leaveLesson();
    actions.releaseBudget(0.3);
    expect(studio.getState().rules.budget).toBe(0.3);
  });
});
