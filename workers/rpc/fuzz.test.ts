import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { connect, serve } from '../rpc';
import type { Port } from './wire';

interface Table {
  add: { params: { readonly left: number; readonly right: number }; result: number };
  slow: { params: null; result: null };
}

/** Both ends in one place: what is posted lies in `posted`, what is delivered goes to the listeners at once. */
class BenchPort implements Port {
  readonly posted: unknown[] = [];
  readonly #listeners = new Map<string, Set<(event: Event) => void>>();
  postMessage(message: unknown): void {
    this.posted.push(structuredClone(message));
  }
  addEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }
  removeEventListener(type: string, listener: (event: Event) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }
  deliver(data: unknown): void {
    for (const listener of this.#listeners.get('message') ?? []) listener(new MessageEvent('message', { data }));
  }
}

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A good message with up to three fields replaced, removed or added; or anything at all. */
function mutated(good: readonly object[]): fc.Arbitrary<unknown> {
  const value = fc.oneof(
    fc.anything({ withTypedArray: true, withDate: true, withMap: true, withBigInt: true }),
    fc.constantFrom(NaN, -1, 0, 1e308, '__proto__', 'constructor', 'toString', ''),
  );
  const key = fc.constantFrom('type', 'id', 'command', 'params', 'done', 'note', 'error', 'value', 'event', 'extra');
  const change = fc.oneof(
    fc
      .tuple(key, value)
      .map(([name, content]) => (message: Record<string, unknown>) => ({ ...message, [name]: content })),
    key.map(
      (name) => (message: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(message).filter(([present]) => present !== name)),
    ),
  );
  const changed = fc
    .tuple(fc.constantFrom(...good), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([message, changes]) => changes.reduce<Record<string, unknown>>((now, apply) => apply(now), { ...message }));
  return fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: value });
}

describe(`10,000 mutated messages each way (FUZZ_SEED=${seed})`, () => {
  it('to the worker: each is dropped and counted, or answered once', async () => {
    const port = new BenchPort();
    let stopSlow: () => void = () => undefined;
    const service = serve<Table>(
      port,
      {
        add: async ({ left, right }) => left + right,
        slow: (_, { signal }) =>
          new Promise((_, reject) => {
            stopSlow = () => reject(new Error('stop'));
            signal.addEventListener('abort', () => stopSlow());
          }),
      },
      { add: v.strictObject({ left: v.number(), right: v.number() }), slow: v.null() },
    );
    const good = [
      { type: 'call', id: 3, command: 'add', params: { left: 1, right: 2 } },
      { type: 'call', id: 4, command: 'slow', params: null },
      { type: 'abort', id: 4 },
      { type: 'ping' },
      { type: 'hello', lock: null },
    ];
    const run = async (message: unknown): Promise<void> => {
      port.posted.length = 0;
      const droppedBefore = service.dropped;
      port.deliver(message);
      await settle();
      const before = port.posted.map((reply) => (reply as { type: string }).type);
      stopSlow();
      await settle();
      const types = port.posted.map((reply) => (reply as { type: string }).type);
      const dropped = service.dropped - droppedBefore;
      expect(before.slice(0, 1).every((type) => ['ack', 'pong', 'ready'].includes(type))).toBe(true);
      expect(types.filter((type) => type === 'ack').length).toBe(
        types.filter((type) => /result|error/.test(type)).length,
      );
      expect(dropped).toBe(types.length === 0 ? 1 : 0);
    };
    await fc.assert(fc.asyncProperty(mutated(good), run), { seed, numRuns: 10_000 });
    port.posted.length = 0;
    port.deliver({ type: 'call', id: 9, command: 'add', params: { left: 20, right: 22 } });
    await settle();
    expect(port.posted.at(-1)).toEqual({ type: 'result', id: 9, value: 42 });
  });

  it('to the page: each is dropped and counted, or one of the known effects; a healthy call still works', async () => {
    let port = new BenchPort();
    const events: string[] = [];
    const fresh = () => {
      port = new BenchPort();
      const connection = connect<Table, string>(() => port, {
        event: v.string(),
        onEvent: (event) => events.push(event),
        results: { add: v.number() },
      });
      port.deliver({ type: 'ready', locked: false });
      return connection;
    };
    let connection = fresh();
    let deaths = 0;
    const good = [
      { type: 'ready', locked: false },
      { type: 'pong' },
      { type: 'ack', id: 1 },
      { type: 'progress', id: 1, done: 0.5, note: 'half' },
      { type: 'result', id: 1, value: 3 },
      { type: 'error', id: 1, error: { kind: 'Error', message: 'No.', data: {} } },
      { type: 'event', event: 'hello' },
      { type: 'fatal', error: { kind: 'Error', message: 'No.', data: {} } },
    ];
    const run = async (message: unknown): Promise<void> => {
      const state = { progress: [] as number[], settled: '' };
      const call = connection.call('add', { left: 1, right: 2 }, { onProgress: (done) => state.progress.push(done) });
      const id = (port.posted.at(-1) as { id: number }).id;
      const outcome = call.then(
        (value) => (state.settled = `value ${typeof value}`),
        (error: Error) => (state.settled = error.name),
      );
      const aimed = isRecord(message) && message['id'] === 1 ? { ...message, id } : message;
      port.deliver(aimed);
      await Promise.resolve();
      port.deliver({ type: 'result', id, value: 3 });
      await outcome;
      const thrownThere = isRecord(aimed) && aimed['type'] === 'error';
      if (!thrownThere) expect(['value number', 'ProtocolError', 'WorkerDiedError']).toContain(state.settled);
      expect(state.settled).not.toBe('');
      for (const done of state.progress) expect(done).toBeGreaterThanOrEqual(0);
      if (state.settled === 'WorkerDiedError') {
        deaths += 1;
        connection = fresh();
      }
    };
    await fc.assert(fc.asyncProperty(mutated(good), run), { seed, numRuns: 10_000 });
    expect(connection.dropped + deaths).toBeGreaterThan(0);
    expect(events.every((event) => typeof event === 'string')).toBe(true);
    connection.terminate();
  });
});

describe('progress contract', () => {
  it('is monotone within 0..1 and ends with 1 exactly when the work succeeds, whatever the handler reports', async () => {
    const run = async (shares: number[], thenFail: boolean): Promise<void> => {
      const port = new BenchPort();
      serve<{ work: { params: null; result: null } }>(
        port,
        {
          work: async (_, { progress }) => {
            for (const share of shares) progress(share, 'working');
            if (thenFail) throw new Error('No.');
            return null;
          },
        },
        { work: v.null() },
      );
      port.deliver({ type: 'call', id: 1, command: 'work', params: null });
      await settle();
      const seen = port.posted
        .filter((reply): reply is { done: number } => (reply as { type: string }).type === 'progress')
        .map(({ done }) => done);
      expect(seen.every((done, index) => done >= (seen[index - 1] ?? 0) && done <= 1)).toBe(true);
      if (!thenFail && shares.length > 0) expect(seen.at(-1)).toBe(1);
      expect(port.posted.at(-1)).toMatchObject({ type: thenFail ? 'error' : 'result' });
    };
    const shares = fc.array(fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -1, 0.5)), { maxLength: 12 });
    await fc.assert(fc.asyncProperty(shares, fc.boolean(), run), { seed, numRuns: 500 });
  });
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
