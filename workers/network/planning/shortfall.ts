/**
 * Why a budget cannot be reached, in one sentence.
 */
import type { CutRules } from '../plan';
import type { Trajectory } from './trajectory';
import type { UnitTable } from './unit-table';

/**
 * Names the floor, the protections and the overrides that stop the cut at `share` of the multiply-adds, and what else
 * (`further`) does.
 */
export function shortfallText(
  table: UnitTable,
  rules: CutRules,
  { wishes, stoppedBy }: Pick<Trajectory, 'wishes' | 'stoppedBy'>,
  share: number,
  further: readonly string[] = [],
): string {
  const floors = [...stoppedBy].map((position) => table.layers[position] ?? '');
  const causes = [...further];
  if (floors.length > 0 && rules.floor > 0) causes.push(`the floor of ${percent(rules.floor)} holds ${named(floors)}`);
  if (floors.length > 0 && rules.floor === 0) causes.push(`${named(floors)} ${are(floors)} down to the last channel`);
  if (rules.protect.length > 0) causes.push(`${named(rules.protect)} ${are(rules.protect)} protected`);
  const counted = Object.keys(rules.keep);
  if (counted.length > 0) causes.push(`${named(counted)} ${counted.length === 1 ? 'keeps' : 'keep'} a set number`);
  if (wishes.kept.size > 0)
    causes.push(`${wishes.kept.size} ${wishes.kept.size === 1 ? 'filter is' : 'filters are'} kept by hand`);
  if (rules.roundTo > 1) causes.push(`widths stay multiples of ${rules.roundTo}`);
  if (causes.length === 0) causes.push('no layer has a filter to spare');
  return `The cut stops at ${percent(share)} of the multiply-adds instead of ${percent(rules.budget)}: ${causes.join('; ')}.`;
}

function are(names: readonly string[]): string {
  return names.length === 1 ? 'is' : 'are';
}

function named(layers: readonly string[]): string {
  const shown = layers.slice(0, 2).map((id) => `"${id}"`);
  const more = layers.length - shown.length;
  return more === 0 ? shown.join(' and ') : `${shown.join(', ')} and ${more} more`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
