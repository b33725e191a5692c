/** Which tabs the inspector has: what the method, or the run that trains, has to show. */
import type { InspectorTab, StudioState } from '../studio/state';
import { canLook } from '../studio/looking';
import { keepsAll, presentMethod } from '../studio/methods';
import { liveOf } from '../studio/telemetry';
import { shownRun } from './layer-history';

export const tabTitles: Readonly<Record<InspectorTab, string>> = {
  filters: 'Filters',
  coupling: 'Coupling',
  gates: 'Gates',
  clusters: 'Clusters',
  ranks: 'Ranks',
  maps: 'Maps',
  looks: 'Look by look',
};

/** The series of a layer that makes a tab. */
const seriesOfTab = { gates: 'gate', clusters: 'distance', ranks: 'spectrum' } as const;

type Source = Pick<StudioState, 'engine' | 'runs' | 'live' | 'activeRun' | 'network' | 'dataset' | 'scoring'>;

/** In the order they are shown, as one text: a selector's answer must be comparable. */
export function tabsOf(state: Source): string {
  const run = shownRun(state);
  const layers = Object.values((run === null ? null : state.live[run.run]?.telemetry?.layers) ?? {});
  const speaksOf = (tab: keyof typeof seriesOfTab): boolean =>
    layers.some((series) => series[seriesOfTab[tab]] !== undefined);
  const tabs: InspectorTab[] = ['filters', 'coupling'];
  if (speaksOf('gates')) tabs.push('gates');
  if (speaksOf('clusters')) tabs.push('clusters');
  if (speaksOf('ranks') || state.scoring.spectra !== null) tabs.push('ranks');
  if (canLook(state)) tabs.push('maps', 'looks');
  return tabs.join(' ');
}

/** The tab a person chose while it is there, else the most telling one. */
export function shownTab(state: Source & Pick<StudioState, 'view'>, tabs: readonly InspectorTab[]): InspectorTab {
  const { tab: chosen } = state.view;
  if (chosen !== null && tabs.includes(chosen)) return chosen;
  // A network that looks again is met with what it sees.
  if (tabs.includes('maps') && keepsAll(presentMethod(state))) return 'maps';
  const telling = liveOf(state)?.telemetry?.layers !== undefined || state.scoring.spectra !== null;
  const general: readonly InspectorTab[] = ['maps', 'looks', 'coupling'];
  return (telling ? tabs.findLast((tab) => !general.includes(tab)) : undefined) ?? 'filters';
}

export function isTab(key: unknown): key is InspectorTab {
  return typeof key === 'string' && Object.hasOwn(tabTitles, key);
}
