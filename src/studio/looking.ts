/**
 * Looking at one image as the open network does, look by look: its answers, its gates, and what the answer at a pixel
 * rests on. Asked when the image, the network or the data change; the newest question wins.
 */
import { unrolledPasses } from '../../workers/network/unrolled';
import { failureOf, report, type StudioContext } from './context';
import { noLooks } from './initial';
import type { OpenedNetwork, StudioActions, StudioState } from './state';

/** Looks shown of a network that looks again, even where it was built for fewer. */
const LOOKS = 4;

export interface Looking extends Pick<StudioActions, 'lookAt' | 'pickPixel'> {
  /** Another network or other data are open: looks at the same image anew. */
  begin(): void;
}

/** How often the open network can look: once, or up to four times. */
export function looksOf(network: Pick<OpenedNetwork, 'view'> | null): number {
  const built = network === null ? 0 : (unrolledPasses(network.view.graph)?.length ?? 0);
  return built > 1 ? Math.max(built, LOOKS) : 1;
}

/** How many of them it was built, and so trained, for. */
export function builtLooks(network: Pick<OpenedNetwork, 'view'> | null): number {
  return network === null ? 1 : (unrolledPasses(network.view.graph)?.length ?? 1);
}

/** The look whose rows the tree draws: the chosen one, else the last the network was built for. */
export function drawnLook({ view, network }: Pick<StudioState, 'view' | 'network'>): number {
  const built = builtLooks(network);
  return Math.min(view.look ?? built, built);
}

/** Whether there is anything to look at: answers for pixels, or gates. */
export function canLook({ network, dataset }: Pick<StudioState, 'network' | 'dataset'>): boolean {
  return network !== null && dataset !== null && (dataset.task === 'segmentation' || looksOf(network) > 1);
}

export function createLooking(context: StudioContext): Looking {
  const { store } = context;
  let running: AbortController | null = null;

  function cancel(): void {
    running?.abort();
    running = null;
  }

  async function look(image: number): Promise<void> {
    cancel();
    const state = store.getState();
    const { network, dataset, looks } = state;
    if (!canLook(state) || network === null || dataset === null) return store.setState({ looks: noLooks });
    const count = dataset.counts.validation;
    if (count === 0) {
      const error = 'There are no validation images to look at: open data that have some.';
      return store.setState({ looks: { ...noLooks, state: 'failed', error } });
    }
    const place = ((image % count) + count) % count;
    const mine = new AbortController();
    running = mine;
    const { pixel } = looks;
    store.setState({ looks: { ...looks, image: place, state: 'looking', error: null, evidence: null } });
    const params = {
      network: network.view.network,
      dataset: dataset.dataset,
      split: 'validation',
      image: place,
      passes: looksOf(network) > 1 ? looksOf(network) : null,
    } as const;
    try {
      const seen = await context.client().call('looks', params, { signal: mine.signal });
      if (running !== mine) return;
      store.setState(({ looks: now }) => ({ looks: { ...now, seen, state: pixel === null ? 'seen' : 'looking' } }));
      if (pixel === null) return;
      const asked = { ...params, row: pixel.row, column: pixel.column };
      const evidence = await context.client().call('evidence', asked, { signal: mine.signal });
      if (running === mine) store.setState(({ looks: now }) => ({ looks: { ...now, evidence, state: 'seen' } }));
    } catch (thrown) {
      const error = failureOf(thrown);
      if (running !== mine || error === null) return;
      store.setState(({ looks: now }) => ({ looks: { ...now, state: 'failed', error } }));
    }
  }

  /** Once for each network and data: every look on all validation images. */
  async function measure(): Promise<void> {
    const state = store.getState();
    const { network, dataset } = state;
    if (!canLook(state) || network === null || dataset === null || dataset.counts.validation === 0) return;
    const passes = looksOf(network);
    const params = {
      network: network.view.network,
      dataset: dataset.dataset,
      split: 'validation',
      images: null,
      ...(passes > 1 ? { passes } : {}),
    } as const;
    try {
      const { passes: measured } = await context.client().call('evaluate', params);
      store.setState(({ network: now, dataset: data, looks }) =>
        now?.view === network.view && data === dataset ? { looks: { ...looks, measured } } : {},
      );
    } catch (thrown) {
      report(context, thrown);
    }
  }

  return {
    begin() {
      store.setState(({ looks }) => ({ looks: { ...noLooks, image: looks.image } }));
      void look(store.getState().looks.image).then(measure);
    },
    async lookAt(image) {
      await look(image);
    },
    async pickPixel(pixel) {
      store.setState(({ looks }) => ({ looks: { ...looks, pixel, evidence: null } }));
      if (pixel === null) cancel();
      else await look(store.getState().looks.image);
    },
  };
}
