/**
 * A removal in progress: which units are gone, how wide every layer still is, and what that costs.
 */
import { costOf, termCost, type UnitTable } from './unit-table';

export class Removal {
  /** Channels every layer's output still has, by layer position. */
  readonly widths: Int32Array;
  macs: number;
  private readonly gone: Uint8Array;
  private readonly left: Int32Array;

  constructor(private readonly table: UnitTable) {
    this.widths = Int32Array.from(table.widths);
    this.macs = costOf(table.macTerms, this.widths);
    this.gone = new Uint8Array(table.unitCount);
    this.left = Int32Array.from(table.groups, ({ group }) => group.size);
  }

  isGone(unit: number): boolean {
    return this.gone[unit] === 1;
  }

  /** Units of the group that are still there. */
  leftIn(group: number): number {
    return this.left[group] ?? 0;
  }

  /** Position of the first layer that would fall under its minimum if `count` units of the group went; -1 if none. */
  blockedBy(group: number, count: number, minima: Int32Array): number {
    for (const { position, channels } of this.table.groups[group]?.occurrences ?? []) {
      if ((this.widths[position] ?? 0) - count * channels < (minima[position] ?? 1)) return position;
    }
    return -1;
  }

  /** MACs that would go with `count` units of the group. */
  saving(group: number, count: number): number {
    const before = this.cost(group);
    this.narrow(group, count);
    const after = this.cost(group);
    this.narrow(group, -count);
    return before - after;
  }

  /** Removes units of one group. Those that are gone already may not be named again. */
  remove(group: number, units: readonly number[]): void {
    this.macs -= this.saving(group, units.length);
    this.narrow(group, units.length);
    this.left[group] = this.leftIn(group) - units.length;
    for (const unit of units) this.gone[unit] = 1;
  }

  /** Takes back the removal of units of one group. */
  restore(group: number, units: readonly number[]): void {
    this.macs -= this.saving(group, -units.length);
    this.narrow(group, -units.length);
    this.left[group] = this.leftIn(group) + units.length;
    for (const unit of units) this.gone[unit] = 0;
  }

  private cost(group: number): number {
    let total = 0;
    for (const at of this.table.groups[group]?.macTerms ?? []) {
      const term = this.table.macTerms[at];
      if (term !== undefined) total += termCost(term, this.widths);
    }
    return total;
  }

  private narrow(group: number, count: number): void {
    for (const { position, channels } of this.table.groups[group]?.occurrences ?? []) {
      this.widths[position] = (this.widths[position] ?? 0) - count * channels;
    }
  }
}
