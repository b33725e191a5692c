/** Who is compared: the original, and every ticked network. */
import type { Candidate, CandidateId, NetworkId, RemovedChannels, RunId, RunSummary } from '../../workers/protocol';
import { removedSince } from '../studio/lineage';
import { isAbout, originalOf, tickedOf } from '../studio/run-facts';
import type { StudioState } from '../studio/state';
import { nameOf } from '../runs/rows';
import { methodOf } from '../studio/run-facts';

/** How its network can be had: it is open, or stored with a run; null = only figures of it are known. */
export type NetworkHandle =
  { readonly network: NetworkId } | { readonly run: RunId; readonly candidate: CandidateId } | null;

export interface Contestant {
  readonly key: string;
  /** "L1 norm to 50 %". */
  readonly title: string;
  /** "recalibrated"; empty for what stands for its run, and for the original. */
  readonly note: string;
  /** Null = the original. */
  readonly method: string | null;
  /** Null = the original. */
  readonly run: RunSummary | null;
  readonly candidate: Candidate | null;
  readonly handle: NetworkHandle;
  /** Channels of the open network it lacks; null when that cannot be said. */
  readonly removed: RemovedChannels | null;
}

export const ORIGINAL_KEY = 'original';

const KIND_TEXT: Readonly<Record<Candidate['kind'], string>> = {
  original: 'before the cut',
  trained: 'trained',
  cut: 'right after the cut',
  recalibrated: 'recalibrated',
  reconstructed: 'reconstructed',
  checkpoint: 'where it was stopped',
  final: 'after fine-tuning',
};

/** What a network of a run is, in words. */
export function kindText({ kind }: Candidate): string {
  return KIND_TEXT[kind];
}

type Source = Pick<StudioState, 'runs' | 'network' | 'dataset'> & {
  readonly view: Pick<StudioState['view'], 'ticked'>;
};

/** The original first, then the ticked networks in the order they were ticked. Runs without a network are left out. */
export function contestantsOf({ runs, network, dataset, view }: Source): readonly Contestant[] {
  const ticked = view.ticked.flatMap((tick): Contestant[] => {
    const run = runs.find((other) => other.run === tick.run);
    const candidate = run === undefined ? null : tickedOf(run, tick);
    if (run === undefined || candidate === null) return [];
    return [
      {
        key: `${run.run}/${candidate.id}`,
        title: nameOf(run),
        note: tick.candidate === null ? '' : kindText(candidate),
        method: methodOf(run.recipe),
        run,
        candidate,
        handle: candidate.stored ? { run: run.run, candidate: candidate.id } : null,
        removed: network === null ? null : removedSince(candidate, network.view.source, network.view.graph, runs),
      },
    ];
  });
  const first = ticked[0]?.run ?? null;
  const stored = first === null ? null : originalOf(first);
  const isOpen =
    network !== null &&
    (first === null || isAbout(first, network.view, dataset) || ticked.some(({ removed }) => removed !== null));
  const handle = isOpen
    ? { network: network.view.network }
    : first !== null && stored?.stored === true
      ? { run: first.run, candidate: stored.id }
      : null;
  const original: Contestant = {
    key: ORIGINAL_KEY,
    title: 'Original',
    note: '',
    method: null,
    run: null,
    candidate: stored,
    handle,
    removed: isOpen ? {} : null,
  };
  return [original, ...ticked];
}
