/** Original and slim networks side by side: width and rank of every layer, differing layers first, drawn and in figures. */
import { useMemo } from 'react';
import { treeRows } from '../../workers/network/rows';
import type { NetworkView } from '../../workers/protocol';
import { unrolledPasses } from '../../workers/network/unrolled';
import { useStudio } from '../studio/store';
import { compareWidths } from './comparison';
import { ComparedTable } from './compared-table';
import { ORIGINAL_KEY, type Contestant } from './contestants';
import { layerWidths, widthsWithout } from './widths';
import styles from './compare.module.css';

interface LayersTabProps {
  readonly contestants: readonly Contestant[];
  readonly views: ReadonlyMap<string, NetworkView>;
}

export function LayersTab({ contestants, views }: LayersTabProps) {
  const open = useStudio(({ network }) => network?.view ?? null);
  const original = views.get(ORIGINAL_KEY) ?? open;
  const lines = useMemo(() => {
    if (original === null) return [];
    const labels = new Map(treeRows(original.graph).map(({ layer, label }) => [layer, label]));
    const widths = contestants.map(({ key, removed }) => {
      const view = key === ORIGINAL_KEY ? original : views.get(key);
      if (view !== undefined) return layerWidths(view.graph);
      return removed === null ? null : widthsWithout(original.graph, removed);
    });
    // Looks share their kernels: as on the tree, each stands once.
    const looksAgain = unrolledPasses(original.graph) !== null;
    return compareWidths(widths, original.graph, (layer) => labels.get(layer) ?? (looksAgain ? null : layer));
  }, [contestants, views, original]);
  if (lines.length === 0) return <p className={styles.note}>The layers appear when the original is open or stored.</p>;
  return (
    <>
      <ComparedTable
        label="Filters and ranks by layer"
        contestants={contestants}
        sections={[{ title: 'Filters kept; layers that differ first', lines }]}
      />
    </>
  );
}
