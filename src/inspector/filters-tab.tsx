/** Filters of the layer: their kernels, their importance, and how many are kept. */
import { Distribution } from './distribution';
import type { Inspected } from './inspected';
import { KernelGrid } from './kernel-grid';
import { LayerControls } from './layer-controls';
import styles from './inspector.module.css';

export function FiltersTab({ inspected }: { readonly inspected: Inspected }) {
  return (
    <>
      <div className={styles.columns}>
        <KernelGrid inspected={inspected} />
        <Distribution inspected={inspected} />
      </div>
      <LayerControls key={`${inspected.network} ${inspected.row.layer}`} inspected={inspected} />
    </>
  );
}
