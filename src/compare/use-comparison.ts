/** Has the worker answer: every network of the comparison on the same images, then against the clock. */
import { useEffect, useState } from 'react';
import type { CommandResult, NetworkView, SplitName } from '../../workers/protocol';
import { failureOf } from '../studio/context';
import { useStudio, studioClient, studio } from '../studio/store';
import type { Contestant } from './contestants';

/** Images of the batch that is timed. */
export const TIMED_BATCH = 64;

type Time = CommandResult<'timeNetworks'>['times'][number];

export interface Measured {
  readonly answers: CommandResult<'compareNetworks'>;
  /** Position among the networks of `answers`, by contestant. */
  readonly at: ReadonlyMap<string, number>;
  /** By contestant; empty until they were timed, and while a run trains beside them. */
  readonly times: ReadonlyMap<string, Time>;
}

export interface ComparisonState {
  /** What is being done; null = nothing. */
  readonly note: string | null;
  readonly error: string | null;
  readonly measured: Measured | null;
  /** Structure of the networks that could be opened, by contestant. */
  readonly views: ReadonlyMap<string, NetworkView>;
}

const nothing: ComparisonState = { note: null, error: null, measured: null, views: new Map() };

/** Measures again when the contestants, the data or the split change; what is under way then is abandoned. */
export function useComparison(contestants: readonly Contestant[], split: SplitName): ComparisonState {
  const dataset = useStudio((state) => state.dataset?.dataset ?? null);
  const [state, setState] = useState({ of: '', found: nothing });
  // Handles are names of content: equal ones need no new measurement.
  const asked = JSON.stringify(contestants.map(({ key, handle }) => ({ key, handle })));
  const question = `${asked} ${dataset} ${split}`;

  useEffect(() => {
    const abort = new AbortController();
    const say = (change: Partial<ComparisonState>): void => {
      if (abort.signal.aborted) return;
      setState(({ of, found }) => ({ of: question, found: { ...(of === question ? found : nothing), ...change } }));
    };
    const wanted = JSON.parse(asked) as readonly Pick<Contestant, 'key' | 'handle'>[];
    void (async () => {
      try {
        say({ note: 'Opening the networks' });
        const views = await openAll(wanted, abort.signal);
        say({ views });
        const open = [...views.keys()];
        if (dataset === null || open.length < 2) return say({ note: null });
        const networks = [...views.values()].map(({ network }) => network);
        const at = new Map(open.map((key, position) => [key, position]));
        const answers = await studioClient().call(
          'compareNetworks',
          { networks, dataset, split, images: null },
          { signal: abort.signal, onProgress: (_, note) => say({ note }) },
        );
        say({ measured: { answers, at, times: new Map() } });
        // Beside a run that trains, the clock would measure the training.
        if (studio.getState().activeRun === null) {
          say({ note: 'Timing the networks' });
          const params = { networks, batch: TIMED_BATCH };
          const { times } = await studioClient().call('timeNetworks', params, { signal: abort.signal });
          const byKey = open.flatMap((key, position): [string, Time][] => {
            const time = times[position];
            return time === undefined ? [] : [[key, time]];
          });
          say({ measured: { answers, at, times: new Map(byKey) } });
        }
        say({ note: null });
      } catch (thrown) {
        say({ note: null, error: failureOf(thrown) });
      }
    })();
    return () => abort.abort();
  }, [question, asked, dataset, split]);

  return state.of === question ? state.found : nothing;
}

async function openAll(
  contestants: readonly Pick<Contestant, 'key' | 'handle'>[],
  signal: AbortSignal,
): Promise<Map<string, NetworkView>> {
  const views = new Map<string, NetworkView>();
  const present = studio.getState().network?.view;
  for (const { key, handle } of contestants) {
    if (handle === null) continue;
    if ('run' in handle) views.set(key, await studioClient().call('openCandidate', handle, { signal }));
    else if (present?.network === handle.network) views.set(key, present);
  }
  return views;
}
