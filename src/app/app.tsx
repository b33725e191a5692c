/** The frame of the studio: every panel in its place. */
import { lazy, Suspense } from 'react';
import { ComparePane } from '../compare/compare-pane';
import { Inspector } from '../inspector/inspector';
import { RecipeLine } from '../recipe-line/recipe-line';
import { Runs } from '../runs/runs';
import { Strip } from '../strip/strip';
import { useStudio } from '../studio/store';
import { TopBar } from '../topbar/topbar';
import { Tree } from '../tree/tree';
import { Notices } from '../ui/notices';
import { Announcer } from './announcer';
import { DropTarget } from './drop-target';
import { useShortcuts } from './shortcuts';
import styles from './app.module.css';

// The chart library is as large as everything else together: the tree does not wait for it.
const TradeOff = lazy(async () => ({ default: (await import('../tradeoff/tradeoff')).TradeOff }));

export function App() {
  useShortcuts();
  const isComparing = useStudio(({ view }) => view.side === 'compare');
  return (
    <div className={styles.app}>
      <div className={styles.topbar}>
        <TopBar />
      </div>
      <div className={styles.recipe}>
        <RecipeLine />
      </div>
      <main className={styles.main}>
        <div className={styles.tree}>
          <Tree />
        </div>
        {isComparing ? (
          <div className={styles.compare}>
            <ComparePane />
          </div>
        ) : (
          <>
            <div className={styles.tradeoff}>
              <Suspense fallback={null}>
                <TradeOff />
              </Suspense>
            </div>
            <div className={styles.inspector}>
              <Inspector />
            </div>
          </>
        )}
      </main>
      <div className={styles.strip}>
        <Strip />
      </div>
      <div className={styles.runs}>
        <Runs />
      </div>
      <Notices />
      <Announcer />
      <DropTarget />
    </div>
  );
}
