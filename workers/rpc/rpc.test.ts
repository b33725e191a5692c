import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, errorData, RemoteError, serve, transferring, type ConnectOptions, type Connection } from '../rpc';

interface Table {
  double: { params: { readonly value: number }; result: number };
  fail: { params: null; result: null };
  work: { params: { readonly steps: number; readonly stepMs: number }; result: string };
  forEver: { params: null; result: null };
  bytes: { params: { readonly size: number }; result: Uint8Array };
  report: { params: { readonly shares: readonly number[]; readonly thenFail: boolean }; result: null };
  unsendable: { params: null; result: unknown };
}

const schemas = {
  double: v.strictObject({ value: v.number() }),
  fail: v.null(),
  work: v.strictObject({ steps: v.number(), stepMs: v.number() }),
  forEver: v.null(),
  bytes: v.strictObject({ size: v.number() }),
  report: v.strictObject({ shares: v.array(v.number()), thenFail: v.boolean() }),
  unsendable: v.null(),
};

class ShelfError extends Error {
  override readonly name = 'ShelfError';
  constructor(
    message: string,
    readonly file: string,
    readonly offset: number,
    readonly parts: readonly string[],
  ) {
    super(message);
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function serveTable(port: MessagePort) {
  return serve<Table, string>(
    port,
    {
      double: async ({ value }) => value * 2,
      fail: async () => {
        throw new ShelfError('Byte 7 is wrong.', 'a.bin', 7, ['no', 'list']);
      },
      work: async ({ steps, stepMs }, { signal, progress }) => {
        for (let step = 0; step < steps; step += 1) {
          signal.throwIfAborted();
          await pause(stepMs);
          progress((step + 1) / steps, `step ${step + 1}`);
        }
        return 'done';
      },
      forEver: () => new Promise(() => undefined),
      bytes: async ({ size }) => {
        const bytes = new Uint8Array(size).fill(3);
        return transferring(bytes, [bytes.buffer]);
      },
      report: async ({ shares, thenFail }, { progress }) => {
        for (const share of shares) progress(share, 'working');
        if (thenFail) throw new Error('No.');
        return null;
      },
      unsendable: async () => () => 'a function cannot be cloned',
    },
    schemas,
  );
}

interface Questions {
  hear: { params: null; result: null };
  ask: { params: null; result: string };
}

const open: { connection: Connection<Table>; channel: MessageChannel }[] = [];

function pair(options: ConnectOptions<Table, string> = {}) {
  const channel = new MessageChannel();
  const service = serveTable(channel.port2);
  const connection = connect<Table, string>(() => channel.port1, options);
  open.push({ connection, channel });
  return { channel, service, connection };
}

afterEach(() => {
  for (const { connection, channel } of open.splice(0)) {
    connection.terminate();
    channel.port2.close();
  }
});

describe('calls', () => {
  it('brings the result back, many at once, each to its own call', async () => {
    const { connection } = pair();
    const values = [4, 1, 9];
    const results = await Promise.all(values.map((value) => connection.call('double', { value })));
    expect(results).toEqual([8, 2, 18]);
  });

  it('keeps name, message and the string and number fields of a thrown error', async () => {
    const { connection } = pair();
    const error = await connection.call('fail', null).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RemoteError);
    expect(errorData(error)).toEqual({
      kind: 'ShelfError',
      message: 'Byte 7 is wrong.',
      data: { file: 'a.bin', offset: 7 },
    });
  });

  it('keeps them over two lines, as from a worker inside a worker', async () => {
    const inner = pair();
    const outer = new MessageChannel();
    serve<Pick<Table, 'fail'>>(outer.port2, { fail: () => inner.connection.call('fail', null) }, schemas);
    const connection = connect<Pick<Table, 'fail'>>(() => outer.port1);
    const error = await connection.call('fail', null).catch((thrown: unknown) => thrown);
    expect(errorData(error).data).toEqual({ file: 'a.bin', offset: 7 });
    expect((error as Error).name).toBe('ShelfError');
    connection.terminate();
    outer.port2.close();
  });

  it('says which parameter is wrong, and which command does not exist', async () => {
    const { connection } = pair();
    const wrong = connection.call('double', { value: 'four' as unknown as number });
    await expect(wrong).rejects.toMatchObject({ kind: 'ProtocolError', data: { path: 'value' } });
    const unknown = connection.call('constructor' as 'fail', null);
    await expect(unknown).rejects.toThrow('There is no command "constructor".');
  });

  it('moves transferred buffers', async () => {
    const { connection } = pair();
    const bytes = await connection.call('bytes', { size: 1000 });
    expect(bytes.byteLength).toBe(1000);
    expect(bytes.every((byte) => byte === 3)).toBe(true);
  });

  it('rejects what cannot be sent, in both directions', async () => {
    const { connection } = pair();
    const there = connection.call('double', { value: (() => 1) as unknown as number });
    await expect(there).rejects.toMatchObject({ name: 'ProtocolError' });
    await expect(connection.call('unsendable', null)).rejects.toMatchObject({ kind: 'DataCloneError' });
    await expect(connection.call('double', { value: 1 })).resolves.toBe(2);
  });

  it('refuses a result of the wrong shape', async () => {
    const { connection } = pair({ results: { work: v.literal('never') } });
    const call = connection.call('work', { steps: 1, stepMs: 0 });
    await expect(call).rejects.toMatchObject({ name: 'ProtocolError' });
  });

  it('delivers checked events and drops the others', async () => {
    const heard: string[] = [];
    const { service, connection } = pair({ event: v.string(), onEvent: (event) => heard.push(event) });
    service.emit('one');
    service.emit(2 as unknown as string);
    service.emit('three');
    await connection.call('double', { value: 1 });
    expect(heard).toEqual(['one', 'three']);
    expect(connection.dropped).toBe(1);
  });
});

describe('abort', () => {
  it('stops work at the next batch edge, at 20 moments, as a rule within 250 ms', async () => {
    const { connection } = pair();
    const waits: number[] = [];
    for (let moment = 0; moment < 20; moment += 1) {
      const abort = new AbortController();
      const late: number[] = [];
      const onProgress = (done: number): number => late.push(done);
      const call = connection.call('work', { steps: 1000, stepMs: 5 }, { signal: abort.signal, onProgress });
      await pause(moment * 3);
      const heard = late.length;
      const start = performance.now();
      abort.abort();
      await expect(call).rejects.toMatchObject({ name: 'CancelledError' });
      waits.push(performance.now() - start);
      expect(late.length).toBe(heard);
    }
    // A machine with other work may be late now and then.
    waits.sort((a, b) => a - b);
    expect(waits[10]).toBeLessThan(250);
    expect(waits.at(-1)).toBeLessThan(2000);
  });

  it('does not send a call that is aborted beforehand', async () => {
    const { connection } = pair();
    const call = connection.call('work', { steps: 1, stepMs: 0 }, { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'CancelledError' });
  });

  it('gives up on work that does not stop; the worker dies with it only where that was chosen', async () => {
    for (const terminateUncancelled of [false, true]) {
      const { connection } = pair({ cancelMs: 50, terminateUncancelled });
      await connection.call('double', { value: 1 });
      const abort = new AbortController();
      const call = connection.call('forEver', null, { signal: abort.signal });
      const other = connection.call('work', { steps: 10, stepMs: 20 }).catch((error: unknown) => error);
      abort.abort();
      await expect(call).rejects.toMatchObject({ name: 'CancelledError' });
      if (terminateUncancelled) expect(await other).toMatchObject({ name: 'WorkerDiedError', causeKind: 'terminated' });
      else expect(await other).toBe('done');
    }
  });

  it.each([true, false])(
    'ends with the newest answer whatever the order of five (older aborted: %s)',
    async (cancel) => {
      for (const order of permutations([0, 1, 2, 3, 4])) {
        const finish: ((value: string) => void)[] = [];
        const channel = new MessageChannel();
        serve<Questions>(
          channel.port2,
          { hear: async () => null, ask: () => new Promise((resolve) => finish.push(resolve)) },
          { hear: v.null(), ask: v.null() },
        );
        const connection = connect<Questions>(() => channel.port1);
        await connection.call('hear', null);
        let state = '';
        let newest = new AbortController();
        const calls = order.map(() => {
          if (cancel) newest.abort();
          const mine = new AbortController();
          newest = mine;
          return connection.call('ask', null, { signal: mine.signal }).then(
            (answer) => {
              if (mine === newest) state = answer;
            },
            () => undefined,
          );
        });
        while (finish.length < 5) await new Promise((resolve) => setImmediate(resolve));
        for (const index of order) finish[index]?.(`answer ${index}`);
        await Promise.all(calls);
        expect(state).toBe('answer 4');
        connection.terminate();
        channel.port2.close();
      }
    },
  );
});

describe('deaths and deadlines', () => {
  it('rejects everything that is pending when the other end closes', async () => {
    const { connection, channel } = pair();
    await connection.call('double', { value: 1 });
    const calls = [connection.call('forEver', null), connection.call('work', { steps: 100, stepMs: 50 })];
    const start = performance.now();
    channel.port2.close();
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'WorkerDiedError' } });
    }
    expect(performance.now() - start).toBeLessThan(1000);
    await expect(connection.call('double', { value: 1 })).rejects.toMatchObject({ name: 'WorkerDiedError' });
    expect(await connection.died).toMatchObject({ causeKind: 'closed' });
  });

  it('rejects everything that is pending on terminate', async () => {
    const { connection } = pair();
    const call = connection.call('forEver', null);
    connection.terminate();
    await expect(call).rejects.toMatchObject({ name: 'WorkerDiedError', causeKind: 'terminated' });
  });

  it('says that a worker which cannot be made, or stays silent, did not start', async () => {
    const broken = connect<Table>(() => {
      throw new Error('Refused by policy.');
    });
    await expect(broken.call('double', { value: 1 })).rejects.toMatchObject({
      name: 'WorkerStartError',
      message: 'The worker could not start: Refused by policy. Reload the page to try again.',
    });
    const channel = new MessageChannel();
    const silent = connect<Table>(() => channel.port1, { startMs: 60, heartbeatMs: 20 });
    await expect(silent.call('double', { value: 1 })).rejects.toMatchObject({ name: 'WorkerStartError' });
    channel.port2.close();
  });

  it('notices a worker that was ready and fell silent, and one that does not take up a call', async () => {
    const mute = (): MessageChannel => {
      const channel = new MessageChannel();
      channel.port2.postMessage({ type: 'ready', locked: false });
      return channel;
    };
    const dead = mute();
    const silent = connect<Table>(() => dead.port1, { silenceMs: 100, heartbeatMs: 20 });
    await expect(silent.call('fail', null)).rejects.toMatchObject({ name: 'WorkerDiedError', causeKind: 'silent' });

    const alive = mute();
    alive.port2.addEventListener('message', () => alive.port2.postMessage({ type: 'pong' }));
    alive.port2.start();
    const busy = connect<Table>(() => alive.port1, { ackMs: 100, silenceMs: 100, heartbeatMs: 20 });
    await expect(busy.call('fail', null)).rejects.toMatchObject({ name: 'CallStartError' });
    busy.terminate();
    dead.port2.close();
    alive.port2.close();
  });

  it('lets work run far beyond every deadline while its heart beats', async () => {
    const { connection } = pair({ startMs: 60, ackMs: 60, silenceMs: 60, heartbeatMs: 20 });
    await expect(connection.call('work', { steps: 20, stepMs: 20 })).resolves.toBe('done');
  });
});

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((first) =>
    permutations(values.filter((value) => value !== first)).map((rest) => [first, ...rest]),
  );
}
