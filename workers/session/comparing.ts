/** Networks compared on the same images: every answer of each, and how far chance alone could explain a difference. */
import { DatasetError } from '../datasets/dataset';
import { pairedDifference } from '../linalg/paired';
import type { CommandParams, CommandResult } from '../protocol';
import type { CallContext } from '../rpc';
import { answerImages, type Answers } from '../training/answers';
import type { Engine } from './engine';
import { imagesFor, onDevice } from './measuring';

/** Answers of open networks to the same images of a split. Each network that reads the test split is a use of it. */
export async function compareNetworks(
  engine: Engine,
  { networks, dataset, split, images }: CommandParams<'compareNetworks'>,
  { signal, progress }: CallContext,
): Promise<CommandResult<'compareNetworks'>> {
  const { dataset: data } = engine.dataset(dataset);
  const answers: Answers[] = [];
  let testUses = 0;
  for (const [at, id] of networks.entries()) {
    const { network } = engine.network(id);
    const onProgress = (done: number, total: number): void =>
      progress((at + done / total) / networks.length, `Network ${at + 1} of ${networks.length}, ${done} images`);
    // One network a turn: whatever else waits for the device need not wait for all of them.
    answers.push(
      await engine.queue.run(signal, () =>
        onDevice(engine.executor, network, (loaded) =>
          answerImages({
            ...imagesFor(network, data, split),
            loaded,
            classes: data.classes.length,
            images: images ?? undefined,
            signal,
            onProgress,
          }),
        ),
      ),
    );
    testUses = engine.countUse(dataset, split);
  }
  const labels = answers[0]?.labels ?? new Uint16Array();
  return {
    split,
    images: labels.length,
    labels,
    answers: answers.map(({ predictions, margins }) => ({ predictions, margins })),
    pairs: answers.flatMap((first, at) =>
      answers.slice(at + 1).map((second, beyond) => ({ first: at, second: at + 1 + beyond, ...pairOf(first, second) })),
    ),
    testUses,
  };
}

function pairOf(
  first: Answers,
  second: Answers,
): Omit<CommandResult<'compareNetworks'>['pairs'][number], 'first' | 'second'> {
  let [onlyFirst, onlySecond] = [0, 0];
  first.labels.forEach((label, image) => {
    const one = first.predictions[image] === label;
    const other = second.predictions[image] === label;
    if (one && !other) onlyFirst += 1;
    if (other && !one) onlySecond += 1;
  });
  return { onlyFirst, onlySecond, ...pairedDifference({ images: first.labels.length, onlyFirst, onlySecond }) };
}

/** The bytes of single images of a split, `[indices, height, width, 3]`. Throws `DatasetError` for one it does not have. */
export function imagesAt(
  engine: Engine,
  { dataset, split, indices }: CommandParams<'imagesAt'>,
): CommandResult<'imagesAt'> {
  const { shape, splits } = engine.dataset(dataset).dataset;
  const { images, count } = splits[split];
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, at) => {
    if (index >= count)
      throw new DatasetError('empty', `The ${split} images end at ${count - 1}; there is no ${index}.`);
    pixels.set(images.subarray(index * size, (index + 1) * size), at * size);
  });
  return { shape, pixels };
}
