/**
 * Disjoint sets of whole numbers (union-find with path halving): who belongs together after a series of joins.
 */
export class DisjointSets {
  private readonly parents: number[] = [];

  /** A new element in a set of its own. */
  add(): number {
    return this.parents.push(this.parents.length) - 1;
  }

  /** The representative of `element`'s set: equal for two elements exactly when they are joined. */
  find(element: number): number {
    let at = element;
    for (;;) {
      const parent = this.parents[at] ?? at;
      if (parent === at) return at;
      const grandparent = this.parents[parent] ?? parent;
      this.parents[at] = grandparent;
      at = grandparent;
    }
  }

  union(first: number, second: number): void {
    const [a, b] = [this.find(first), this.find(second)];
    // The older element represents the set, so that numbering does not depend on the order of joins.
    this.parents[Math.max(a, b)] = Math.min(a, b);
  }
}
