/** Procedural data, split by split. */
import type { Split, SplitName } from './dataset';
import { breathe, type WorkOptions } from './work';

/** Images between two reports of progress. */
const reportEvery = 50;

/** Draws one split; awaits `onImage` after each image. */
type DrawSplit = (split: SplitName, count: number, onImage: () => Promise<void>) => Promise<Split>;

/** Draws `counts` images of each split. Reports progress and hears cancellation every 50 images. */
export async function drawSplits(
  counts: Readonly<Record<SplitName, number>>,
  { signal, progress }: WorkOptions,
  drawSplit: DrawSplit,
): Promise<Record<SplitName, Split>> {
  const total = counts.train + counts.validation + counts.test;
  let drawn = 0;
  const onImage = async (): Promise<void> => {
    drawn++;
    if (drawn % reportEvery > 0) return;
    progress?.(drawn / total, `Drawing image ${drawn} of ${total}`);
    await breathe(signal);
  };
  return {
    train: await drawSplit('train', counts.train, onImage),
    validation: await drawSplit('validation', counts.validation, onImage),
    test: await drawSplit('test', counts.test, onImage),
  };
}
