import { describe, expect, it } from 'vitest';
import { connect, type Connection } from '../rpc';
import type { RehearsalCommands } from './rehearsal.worker';

const spawn = (): Worker => new Worker(new URL('./rehearsal.worker.ts', import.meta.url), { type: 'module' });
const settled = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

async function started(): Promise<Connection<RehearsalCommands>> {
  const connection = connect<RehearsalCommands>(spawn);
  expect(await connection.call('echo', 'hello')).toBe('hello');
  return connection;
}

describe('a real worker that dies rejects all that is pending within a second', () => {
  it.each([
    ['throwLater', 'KilnError'],
    ['rejectLater', 'KilnError'],
    ['close', 'closed'],
  ] as const)('by %s', async (way, causeKind) => {
    const connection = await started();
    const waiting = connection.call('wait', null);
    const start = performance.now();
    const errors = await Promise.all([settled(waiting), settled(connection.call(way, null))]);
    expect(performance.now() - start).toBeLessThan(1000);
    for (const error of errors) expect(error).toMatchObject({ name: 'WorkerDiedError', causeKind });
    if (causeKind === 'KilnError') expect(errors[0]).toMatchObject({ fields: { layer: 'stem', bytes: 64 } });
    expect(await settled(connection.call('echo', 'again'))).toMatchObject({ name: 'WorkerDiedError' });
  });

  it('by terminate()', async () => {
    const connection = await started();
    const waiting = connection.call('wait', null);
    connection.terminate();
    expect(await settled(waiting)).toMatchObject({ name: 'WorkerDiedError', causeKind: 'terminated' });
  });

  it('but not while it is only busy', async () => {
    const connection = connect<RehearsalCommands>(spawn, { heartbeatMs: 50 });
    expect(await connection.call('spin', { ms: 1500 })).toBeNull();
    expect(await connection.call('echo', 'alive')).toBe('alive');
    connection.terminate();
  });
});

describe('a worker that cannot start says so within five seconds', () => {
  const blob = (code: string): Worker =>
    new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), { type: 'module' });
  it.each([
    ['missing script', () => new Worker('/there-is-no-such-worker.js', { type: 'module' })],
    ['throw while loading', () => blob('throw new Error("wrong from the first line")')],
    ['syntax error', () => blob('let = ;')],
    ['refused by the browser', () => new Worker('https://other.invalid/worker.js')],
  ])('%s', async (_, make) => {
    const start = performance.now();
    const connection = connect<RehearsalCommands>(make);
    expect(await settled(connection.call('echo', 'hello'))).toMatchObject({ name: 'WorkerStartError' });
    expect(performance.now() - start).toBeLessThan(5000);
    const retry = await started();
    retry.terminate();
  });
});
