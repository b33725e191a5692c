/**
 * The check of the present cut on real images: asked on release, newest only, remembered.
 *
 * While a handle moves the value is an estimate between cuts already measured since the page was opened (hollow), or nothing.
 */
import type { CommandParams, CommandResult, RemovedChannels } from '../../workers/protocol';
import { failureOf, type StudioContext } from './context';
import { interpolate, type MeasuredPoint } from './estimate';
import { noPreview } from './initial';
import { keepsAll, presentMethod } from './methods';
import type { PreviewState, StudioState } from './state';

/** Validation images of a check. */
export const previewImages = 512;

/** Checks kept, so that undo answers at once. */
const remembered = 60;

interface Check {
  /** Everything but the budget that shapes a cut: checks of one family lie on one curve. */
  readonly family: string;
  readonly share: number;
  readonly accuracy: number;
  readonly recalibrated: number | null;
  readonly images: number;
}

export interface Previewing {
  /** What is known of a cut that was not checked: an estimate, or nothing. */
  estimate(state: StudioState): PreviewState;
  /** Starts the check of the present plan; an older one is abandoned. */
  check(): void;
  /** Abandons a running check. */
  cancel(): void;
}

export function createPreviewing(context: StudioContext): Previewing {
  const { store } = context;
  const checks = new Map<string, Check>();
  let running: AbortController | null = null;

  function cancel(): void {
    running?.abort();
    running = null;
  }

  function recall(state: StudioState): PreviewState | null {
    const known = checks.get(keyOf(state));
    if (known === undefined) return null;
    const { accuracy, recalibrated, images } = known;
    return { state: 'measured', accuracy, recalibrated, images, error: null };
  }

  function estimate(state: StudioState): PreviewState {
    if (state.plan === null) return noPreview;
    const known = recall(state);
    if (known !== null) return known;
    const family = familyOf(state);
    const mine = [...checks.values()].filter((check) => check.family === family);
    const original = state.network?.accuracy;
    const uncut: MeasuredPoint[] =
      original === null || original === undefined ? [] : [{ share: 1, accuracy: original }];
    const recalibrated = mine.flatMap((check) =>
      check.recalibrated === null ? [] : [{ share: check.share, accuracy: check.recalibrated }],
    );
    return {
      state: 'estimate',
      accuracy: interpolate([...mine, ...uncut], state.plan.share),
      recalibrated: interpolate([...recalibrated, ...uncut], state.plan.share),
      images: 0,
      error: null,
    };
  }

  function check(): void {
    cancel();
    const state = store.getState();
    const { network, dataset, plan } = state;
    const known = recall(state);
    if (keepsAll(presentMethod(state))) return store.setState({ preview: noPreview });
    if (network === null || dataset === null || plan === null || known !== null) {
      store.setState({ preview: known ?? estimate(state) });
      return;
    }
    const mine = new AbortController();
    running = mine;
    const key = keyOf(state);
    const family = familyOf(state);
    store.setState({ preview: { ...state.preview, state: 'checking', error: null } });
    const params = {
      network: network.view.network,
      dataset: dataset.dataset,
      removed: plan.removed,
      ...(plan.truncation === undefined
        ? {}
        : { truncation: { scheme: plan.truncation.scheme, ranks: plan.truncation.ranks } }),
      images: previewImages,
      // Statistics of clean images would pass for what a cut of nothing did.
      recalibrate: plan.share < 1 || plan.truncation !== undefined,
    };
    void ask(params, mine, (answer) => checks.set(key, { family, share: plan.share, ...answer }));
  }

  async function ask(
    params: CommandParams<'preview'>,
    mine: AbortController,
    remember: (answer: CommandResult<'preview'>) => void,
  ): Promise<void> {
    try {
      const answer = await context.client().call('preview', params, { signal: mine.signal });
      remember(answer);
      for (const old of [...checks.keys()].slice(0, Math.max(0, checks.size - remembered))) checks.delete(old);
      if (running !== mine) return;
      running = null;
      store.setState({ preview: { state: 'measured', ...answer, error: null } });
    } catch (thrown) {
      const error = failureOf(thrown);
      if (running !== mine || error === null) return;
      running = null;
      store.setState({ preview: { ...noPreview, state: 'failed', error } });
    }
  }

  return { estimate, check, cancel };
}

function keyOf({ network, dataset, plan }: StudioState): string {
  return [network?.view.network, dataset?.dataset, removedKey(plan?.removed ?? {}), truncationKey(plan)].join('|');
}

/** Equal for cuts that differ in their budget alone. */
export function familyOf({ network, dataset, scoring, rules, ranks }: StudioState): string {
  const { budget: _, ...shape } = rules;
  return JSON.stringify([network?.view.network, dataset?.dataset, scoring.method, scoring.settings, shape, ranks]);
}

function truncationKey(plan: StudioState['plan']): string {
  return plan?.truncation === undefined ? '' : JSON.stringify([plan.truncation.scheme, plan.truncation.ranks]);
}

function removedKey(removed: RemovedChannels): string {
  return Object.entries(removed)
    .sort(([first], [second]) => (first < second ? -1 : 1))
    .map(([layer, channels]) => `${layer}:${channels.join(',')}`)
    .join(';');
}
