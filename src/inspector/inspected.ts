/** The layer under inspection: its row of the tree, and how its filters rank. Made again when network or scores change. */
import { useMemo } from 'react';
import { groupIndex, type ChannelGroup } from '../../workers/network/groups';
import type { ChannelIndex, LayerId } from '../../workers/network/graph';
import { unitScores } from '../../workers/network/planner';
import { nameInPass } from '../../workers/network/unrolled';
import { drawnLook } from '../studio/looking';
import type { StudioState } from '../studio/state';
import { useStudio } from '../studio/store';
import { rowImportances } from '../tree/importance';
import { treeModel, type TreeModel, type TreeRow } from '../tree/tree-model';

export interface Inspected {
  /** Handle of the network, for commands. */
  readonly network: string;
  readonly model: TreeModel;
  readonly row: TreeRow;
  /** Position of `row` among the model's. */
  readonly index: number;
  /** Channels, strongest first; as stored without scores. */
  readonly order: readonly ChannelIndex[];
  /** What decides the cut, by channel: equal for tied filters. Null without scores. */
  readonly importance: Float32Array | null;
  /** Stop of the ramp by channel; null without scores. */
  readonly stops: Uint8Array | null;
  /** "tied with 1.1 b and 1.2 b", or null. */
  readonly tied: string | null;
}

/** Null while nothing is open. Without a chosen layer the first one that can be cut is inspected. */
export function useInspected(): Inspected | null {
  const view = useStudio(({ network }) => network?.view ?? null);
  const costs = useStudio(({ network }) => network?.costs ?? null);
  const groups = useStudio(({ network }) => network?.groups ?? null);
  const scores = useStudio(({ scoring }) => scoring.scores);
  const normalise = useStudio(({ scoring }) => scoring.normalise);
  const reduction = useStudio(({ rules }) => rules.reduction);
  const chosen = useStudio((state) => state.view.layer);

  const look = useStudio(drawnLook);
  const model = useMemo(
    () => (view === null || costs === null ? null : treeModel({ view, costs }, look)),
    [view, costs, look],
  );
  const ranked = useMemo(() => {
    if (view === null || model === null || scores === null) return null;
    const ranking = unitScores({ graph: view.graph, scores, normalise }, reduction);
    return { ranking, rows: rowImportances(model, scores, ranking, normalise, 'strongest first') };
  }, [view, model, scores, normalise, reduction]);

  return useMemo(() => {
    if (view === null || model === null || groups === null) return null;
    // A layer stays chosen from look to look.
    const found = model.rows.findIndex(({ layer }) => nameInPass(layer) === nameInPass(chosen ?? ''));
    const index = found < 0 ? model.rows.findIndex(({ locked }) => locked === null) : found;
    const row = model.rows[index];
    if (row === undefined) return null;
    const own = ranked?.rows[index];
    const stored = Array.from({ length: row.filters }, (_, channel) => channel);
    return {
      network: view.network,
      model,
      row,
      index,
      order: own === undefined ? stored : [...own.order],
      importance: ranked?.ranking[row.layer] ?? null,
      stops: own?.stops ?? null,
      tied: tiedText(model, groups, row),
    };
  }, [view, model, groups, ranked, chosen]);
}

/** Channels of `layer` the present plan removes. */
export const removedFrom = ({ plan }: Pick<StudioState, 'plan'>, layer: LayerId): ReadonlySet<ChannelIndex> =>
  new Set(plan?.removed[layer]);

/** The other layers whose filters go with this one's, in forward order. */
function tiedText(model: TreeModel, groups: readonly ChannelGroup[], row: TreeRow): string | null {
  const index = groupIndex(groups);
  const partners = new Set<LayerId>();
  for (let channel = 0; channel < row.filters; channel += 1) {
    for (const member of index.at(row.layer, channel)?.group.members ?? []) partners.add(member.layer);
  }
  partners.delete(row.layer);
  const labels = model.rows.filter(({ layer }) => partners.has(layer)).map(({ label }) => label);
  const last = labels.pop();
  if (last === undefined) return null;
  return `tied with ${labels.length === 0 ? last : `${labels.join(', ')} and ${last}`}`;
}
