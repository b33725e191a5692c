/** The frame of the studio: every panel in its place. */
import { Inspector } from '../inspector/inspector';
import { RecipeLine } from '../recipe-line/recipe-line';
import { Runs } from '../runs/runs';
import { Strip } from '../strip/strip';
import { TopBar } from '../topbar/topbar';
import { TradeOff } from '../tradeoff/tradeoff';
import { Tree } from '../tree/tree';
import { Notices } from '../ui/notices';
import { Announcer } from './announcer';
import { DropTarget } from './drop-target';
import { useShortcuts } from './shortcuts';
import styles from './app.module.css';

export function App() {
  useShortcuts();
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
        <div className={styles.tradeoff}>
          <TradeOff />
        </div>
        <div className={styles.inspector}>
          <Inspector />
        </div>
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
