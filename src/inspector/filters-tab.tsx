/** Filters of the layer: their kernels, their importance, and how many are kept. */
import { useStudio } from '../studio/store';
import { Distribution } from './distribution';
import type { Inspected } from './inspected';
import { KernelGrid } from './kernel-grid';
import { LayerControls } from './layer-controls';
import styles from './inspector.module.css';

export function FiltersTab({ inspected }: { readonly inspected: Inspected }) {
  // Where ranks are chosen no filter goes.
  const truncates = useStudio(({ scoring }) => scoring.spectra !== null);
  return (
    <>
      <div className={styles.columns}>
        <KernelGrid inspected={inspected} />
        <Distribution inspected={inspected} />
      </div>
      {truncates ? null : <LayerControls key={`${inspected.network} ${inspected.row.layer}`} inspected={inspected} />}
    </>
  );
}
