/** What a thread that reads a file may do: answer, refuse, get stuck, die. Each program here does one of them. */
import { describe, expect, it } from 'vitest';
import { readInThread } from './read-in-thread';

const files = [{ path: '/nowhere/net.h5', name: 'net.h5' }];

/** A thread that runs `body`, with `say` to answer. */
function program(body: string): URL {
  const source = `import { parentPort, workerData } from 'node:worker_threads';
    const say = (message) => parentPort.postMessage(message);
    ${body}`;
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

describe('a thread that reads a file', () => {
  it('is told which, and hands over what it opened', async () => {
    const opened = await readInThread(
      program(`say({ kind: 'opened', opened: { notes: [workerData[0].path] } });`),
      files,
    );
    expect(opened).toEqual({ notes: ['/nowhere/net.h5'] });
  });

  it('passes on the sentence of the reader', async () => {
    const refused = program(`say({ kind: 'failed', message: 'net.h5: It holds no Keras model.' });`);
    await expect(readInThread(refused, files)).rejects.toThrow(/^net\.h5: It holds no Keras model\.$/);
  });

  it('is ended when it loops, though it cannot hear', async () => {
    const stuck = readInThread(program('for (;;);'), files, { silenceMs: 500, totalMs: 60_000 });
    await expect(stuck).rejects.toThrow(
      /^Reading net\.h5 got stuck and was ended after 0\.5 s\. The file is probably damaged; get it again\.$/,
    );
  });

  it('may take long while it says that it is alive, but not for ever', async () => {
    const slow = program(`setInterval(() => say({ kind: 'alive' }), 5);`);
    await expect(readInThread(slow, files, { silenceMs: 30_000, totalMs: 800 })).rejects.toThrow('ended after 0.8 s');
  });

  it('says so when it dies', async () => {
    await expect(readInThread(program('throw new Error("no memory");'), files)).rejects.toThrow(
      'Reading net.h5 broke off: no memory',
    );
    await expect(readInThread(program('process.exit(3);'), files)).rejects.toThrow('the thread ended with 3');
  });
});
