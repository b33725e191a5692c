/** The frame of the studio: every panel in its place. */
import { Inspector } from '../inspector/inspector';
import { hiddenPanels } from '../lessons/locks';
import { RecipeLine } from '../recipe-line/recipe-line';
import { Runs } from '../runs/runs';
import { Strip } from '../strip/strip';
import { useStudio } from '../studio/store';
import { TopBar } from '../topbar/topbar';
import { Tree } from '../tree/tree';
import { Fenced, later } from '../ui/later';
import { Notices } from '../ui/notices';
import { Announcer } from './announcer';
import { DropTarget } from './drop-target';
import { useShortcuts } from './shortcuts';
import styles from './app.module.css';

// The chart library is as large as everything else together: the tree does not wait for it.
const TradeOff = later('The trade-off chart', async () => (await import('../tradeoff/tradeoff')).TradeOff);
// Asked for by a person: the first screen does not wait for them either.
const ComparePane = later('The comparison', async () => (await import('../compare/compare-pane')).ComparePane);
const ExperimentsPane = later(
  'The experiments',
  async () => (await import('../experiments/experiments-pane')).ExperimentsPane,
);
const Understood = later('What was understood', async () => (await import('../understood/understood')).Understood);
const LessonRail = later('The lesson', async () => (await import('../lessons/rail')).LessonRail);

export function App() {
  useShortcuts();
  const side = useStudio(({ view }) => view.side);
  const isFromElsewhere = useStudio(({ understanding }) => understanding !== null);
  const isLesson = useStudio(({ lesson }) => lesson !== null);
  const hidden = useStudio(({ lesson }) => hiddenPanels(lesson).join(' '));
  return (
    <div className={styles.app} data-lesson={isLesson}>
      <div className={styles.topbar}>
        <Fenced what="The top bar">
          <TopBar />
        </Fenced>
      </div>
      {isLesson ? (
        <div className={styles.lesson}>
          <LessonRail />
        </div>
      ) : null}
      {hidden.includes('recipe') ? null : (
        <div className={styles.recipe} data-place="recipe">
          <Fenced what="The recipe">
            <RecipeLine />
          </Fenced>
        </div>
      )}
      <main className={styles.main}>
        <div className={styles.tree} data-place="tree">
          <Fenced what="The network">
            <Tree />
          </Fenced>
        </div>
        {side !== 'chart' ? (
          <div className={styles.compare}>{side === 'compare' ? <ComparePane /> : <ExperimentsPane />}</div>
        ) : (
          <>
            <div className={styles.tradeoff} data-place="tradeoff">
              <TradeOff />
            </div>
            <div className={styles.inspector} data-place="inspector">
              <Fenced what="The inspector">
                <Inspector />
              </Fenced>
            </div>
          </>
        )}
      </main>
      <div className={styles.strip}>
        <Fenced what="The training strip">
          <Strip />
        </Fenced>
      </div>
      {hidden.includes('runs') ? null : (
        <div className={styles.runs} data-place="runs">
          <Fenced what="The list of runs">
            <Runs />
          </Fenced>
        </div>
      )}
      <Notices />
      <Announcer />
      <DropTarget />
      {isFromElsewhere ? <Understood /> : null}
    </div>
  );
}
