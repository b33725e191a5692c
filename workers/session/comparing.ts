/** Networks compared on the same images: every answer of each, and how far chance alone could explain a difference. */
import { DatasetError, taskOf } from '../datasets/dataset';
import { pairedDifference } from '../linalg/paired';
import type { CommandParams, CommandResult, NetworkPair } from '../protocol';
import type { CallContext } from '../rpc';
import { answerImages, answerPixels, type Answers } from '../training/answers';
import type { AnswerOptions } from '../training/logits';
import { comparePixels } from './comparing-pixels';
import type { Engine } from './engine';
import { imagesFor, onDevice } from './measuring';

/** Answers of open networks to the same images of a split. Each network that reads the test split is a use of it. */
export async function compareNetworks(
  engine: Engine,
  params: CommandParams<'compareNetworks'>,
  context: CallContext,
): Promise<CommandResult<'compareNetworks'>> {
  const { dataset: data } = engine.dataset(params.dataset);
  const { split } = params;
  if (taskOf(data) === 'segmentation') {
    const { answers, testUses } = await answersOf(engine, params, context, answerPixels);
    const images = answers[0]?.images ?? 0;
    return { task: 'segmentation', split, images, ...comparePixels(answers, data.classes.length), testUses };
  }
  const { answers, testUses } = await answersOf(engine, params, context, answerImages);
  const labels = answers[0]?.labels ?? new Uint16Array();
  return {
    task: 'classification',
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

/** What `answer` says of each network, one after the other. */
async function answersOf<A>(
  engine: Engine,
  { networks, dataset, split, images }: CommandParams<'compareNetworks'>,
  { signal, progress }: CallContext,
  answer: (options: AnswerOptions) => Promise<A>,
): Promise<{ readonly answers: readonly A[]; readonly testUses: number }> {
  const { dataset: data } = engine.dataset(dataset);
  const answers: A[] = [];
  let testUses = 0;
  for (const [at, id] of networks.entries()) {
    const { network } = engine.network(id);
    const onProgress = (done: number, total: number): void =>
      progress((at + done / total) / networks.length, `Network ${at + 1} of ${networks.length}, ${done} images`);
    // One network a turn: whatever else waits for the device need not wait for all of them.
    answers.push(
      await engine.queue.run(signal, () =>
        onDevice(engine.executor, network, (loaded) =>
          answer({
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
  return { answers, testUses };
}

function pairOf(first: Answers, second: Answers): Omit<NetworkPair, 'first' | 'second'> {
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
