/** Clusters of a layer's filters, as a method that merges filters tells them. Pure. */
import type { LayerHistory } from './layer-history';

/** Filters nearer to each other than this are one filter: the cut loses nothing. */
export const identicalBelow = 1e-6;
/** Bit-equal filters have no logarithm; they stand at the floor of the chart. */
export const distanceFloor = 1e-7;

export interface Cluster {
  readonly index: number;
  readonly filters: readonly number[];
  /** Largest distance of a member to the cluster's mean, over epochs. */
  readonly points: readonly (readonly [number, number])[];
}

/** All clusters, those of most filters first; by the newest clustering. */
export function clustersOf({ samples }: LayerHistory): readonly Cluster[] {
  const members = new Map<number, number[]>();
  samples.at(-1)?.series['cluster']?.forEach((index, filter) => {
    members.set(index, [...(members.get(index) ?? []), filter]);
  });
  return [...members]
    .map(([index, filters]) => ({
      index,
      filters,
      points: samples.map(({ epoch, series }) => {
        const distances = filters.map((filter) => series['distance']?.[filter] ?? 0);
        return [epoch, Math.max(...distances)] as const;
      }),
    }))
    .sort((a, b) => b.filters.length - a.filters.length || a.index - b.index);
}

/** "filters 4, 17 and 29". */
export function membersText(filters: readonly number[]): string {
  if (filters.length === 1) return `filter ${filters[0]}`;
  return `filters ${filters.slice(0, -1).join(', ')} and ${filters.at(-1)}`;
}

/** Decades from the floor to what holds `most`, every second one named. */
export function decades(most: number): readonly { readonly at: number; readonly text: string }[] {
  const low = Math.round(Math.log10(distanceFloor));
  const high = Math.max(0, Math.ceil(Math.log10(Math.max(most, distanceFloor)) - 1e-9));
  return Array.from({ length: high - low + 1 }, (_, at) => {
    const power = low + at;
    return { at: 10 ** power, text: power % 2 === 0 ? powerText(power) : '' };
  });
}

function powerText(power: number): string {
  if (power === 0) return '1';
  const digits = String(Math.abs(power)).replaceAll(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '');
  return `10${power < 0 ? '⁻' : ''}${digits}`;
}
