/** A network from elsewhere: what was understood of it is shown before anything runs, and how it wants its input is found. */
import type { CommandParams, InputTrial, NetworkView } from '../../workers/protocol';
import { failureOf, type StudioContext } from './context';
import type { StudioActions, UnderstandingState } from './state';

/** How pixels become a network's input, as a person settled it. */
export type DescribedInput = Omit<CommandParams<'describeInput'>, 'network'>;

/** The sheet of a network that was just opened. */
export function understandingOf({ meta, source }: NetworkView): UnderstandingState | null {
  if (source.source !== 'file' || meta.origin === undefined) return null;
  return untried({ isOpen: true });
}

/** Nothing is known of the network's input on the data that are open now. */
export function untried({ isOpen }: Pick<UnderstandingState, 'isOpen'>): UnderstandingState {
  return { isOpen, trying: 'no', trial: null, error: null };
}

/** Whether the best way found is no better than guessing: by three standard errors of a share of so many images. */
export function isAtChance({ tried, chance, images }: InputTrial): boolean {
  const best = tried[0]?.accuracy ?? 0;
  return best <= chance + 3 * Math.sqrt((chance * (1 - chance)) / Math.max(1, images));
}

type Understanding = Pick<StudioActions, 'showUnderstood' | 'tryInputs' | 'describeInput'>;

/** `replace` takes the described network in, where the open one stood; `proceed` goes on with what waited for the sheet. */
export function createUnderstanding(
  context: StudioContext,
  { replace, proceed }: { replace(view: NetworkView, described: DescribedInput): void; proceed(): void },
): Understanding {
  const { store } = context;
  const change = (part: Partial<UnderstandingState>): void =>
    store.setState(({ understanding }) => ({ understanding: understanding && { ...understanding, ...part } }));

  return {
    showUnderstood(isOpen) {
      change({ isOpen });
      if (!isOpen) proceed();
    },

    async tryInputs() {
      const { network, dataset, understanding } = store.getState();
      if (network === null || dataset === null || understanding?.trying === 'yes') return;
      const isSame = (): boolean => {
        const now = store.getState();
        return now.network?.view === network.view && now.dataset === dataset;
      };
      change({ trying: 'yes', trial: null, error: null });
      try {
        const params = { network: network.view.network, dataset: dataset.dataset };
        const trial = await context.client().call('tryInputs', params);
        if (isSame()) change({ trying: 'no', trial });
      } catch (thrown) {
        if (isSame()) change({ trying: 'no', error: failureOf(thrown) });
      }
    },

    async describeInput({ normalisation, order }) {
      const { network, dataset } = store.getState();
      if (network === null) return;
      const { meta, graph } = network.view;
      // Data whose classes the network tells apart lend it their names.
      const named = meta.classes !== undefined || dataset === null ? null : dataset.classes;
      const last = graph.layers.findLast((layer) => layer.op === 'dense');
      const classes = last?.op === 'dense' && last.units !== named?.length ? null : named;
      const described = { normalisation, order, classes };
      // It is decided: the sheet is in the way, and comes back only with what went wrong.
      change({ isOpen: false, error: null });
      try {
        const params = { network: network.view.network, ...described };
        const view = await context.client().call('describeInput', params);
        if (store.getState().network?.view === network.view) replace(view, described);
      } catch (thrown) {
        change({ isOpen: true, error: failureOf(thrown) });
      }
    },
  };
}
