/** Progress on a terminal: one line that is rewritten; elsewhere a line now and then. */
import type { HeadlessProgress } from '../src/headless-api';

/** Milliseconds between lines where they cannot be rewritten. */
const PATIENCE_MS = 10_000;

export interface ProgressLine {
  show(progress: HeadlessProgress): void;
  end(): void;
}

/** "2/4 fine-tune: epoch 1 of 3, 42 %, 61 images/s, 1:25 left". */
export function progressText(progress: HeadlessProgress): string {
  const { text, done, stage, stages, secondsLeft, imagesPerSecond } = progress;
  const place = stage === null || stages === null ? '' : `${stage + 1}/${stages} `;
  const parts = [`${place}${text}`];
  if (done !== null) parts.push(`${Math.round(100 * done)} %`);
  if (imagesPerSecond !== null) parts.push(`${imagesPerSecond.toFixed(imagesPerSecond < 10 ? 1 : 0)} images/s`);
  if (secondsLeft !== null) {
    const seconds = Math.round(secondsLeft);
    parts.push(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`);
  }
  return parts.join(', ');
}

export function createProgressLine(stream: NodeJS.WriteStream, now: () => number = Date.now): ProgressLine {
  let last = { text: '', at: -Infinity };
  return {
    show(progress) {
      const text = progressText(progress);
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${text}`);
        last = { text, at: now() };
      } else if (progress.text !== last.text || now() - last.at >= PATIENCE_MS) {
        stream.write(`${text}\n`);
        last = { text: progress.text, at: now() };
      }
    },
    end() {
      if (stream.isTTY && last.text !== '') stream.write('\r\u001b[K');
    },
  };
}
