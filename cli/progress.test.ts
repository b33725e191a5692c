import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createProgressLine, progressText } from './progress';

const training = {
  text: 'fine-tune: epoch 1 of 3',
  done: 0.4219,
  stage: 1,
  stages: 4,
  secondsLeft: 85.4,
  imagesPerSecond: 61.2,
};

it('says stage, work, share, speed and time left, and leaves out what is not known', () => {
  expect(progressText(training)).toBe('2/4 fine-tune: epoch 1 of 3, 42 %, 61 images/s, 1:25 left');
  const reading = {
    text: 'Reading data',
    done: null,
    stage: null,
    stages: null,
    secondsLeft: null,
    imagesPerSecond: null,
  };
  expect(progressText(reading)).toBe('Reading data');
});

it('writes a line where the work changes, and every ten seconds while it does not', () => {
  let clock = 0;
  const stream = new PassThrough();
  const line = createProgressLine(
    Object.assign(stream, { isTTY: false }) as unknown as NodeJS.WriteStream,
    () => clock,
  );
  line.show(training);
  clock = 4000;
  line.show({ ...training, done: 0.5 });
  clock = 10_000;
  line.show({ ...training, done: 0.75 });
  clock = 11_000;
  line.show({ ...training, text: 'evaluate: test', done: 0 });
  expect(
    String(stream.read())
      .trimEnd()
      .split('\n')
      .map((text) => text.slice(0, 45)),
  ).toEqual([
    '2/4 fine-tune: epoch 1 of 3, 42 %, 61 images/',
    '2/4 fine-tune: epoch 1 of 3, 75 %, 61 images/',
    '2/4 evaluate: test, 0 %, 61 images/s, 1:25 le',
  ]);
});
