/** The column heads over the rows. */
import type { Stage } from './scene';
import styles from './tree.module.css';

export function TreeHead({ stage: { model, layout } }: { readonly stage: Stage }) {
  const { columns, width, rowLength } = layout;
  return (
    <div className={styles.head} aria-hidden="true">
      <span style={{ left: columns.left }}>{model.image}</span>
      <span className={styles.costLeft} style={{ right: width - columns.right }}>
        cost left
      </span>
      <span style={{ right: width - columns.kept }}>
        {model.rows.some(({ directions }) => directions !== undefined) ? 'rank' : 'kept'}
      </span>
      <span style={{ right: 0 }}>{rowLength === 'weights' ? 'weights' : 'cost'}</span>
    </div>
  );
}
