/** Entry point of a thread: opens one network file, tells that it is alive meanwhile, answers, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { openNetworkFiles } from '../workers/formats';
import { asFile, type LocalFile } from './local-files';
import type { ThreadAnswer } from './read-in-thread';

const answer = (message: ThreadAnswer): void => parentPort?.postMessage(message, []);

const heart = setInterval(() => answer({ kind: 'alive' }), 1000);
try {
  const files = await Promise.all((workerData as readonly LocalFile[]).map(asFile));
  answer({ kind: 'opened', opened: await openNetworkFiles(files) });
} catch (error) {
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
} finally {
  clearInterval(heart);
}
