/** The comparison, in place of chart and inspector: the original and up to four ticked networks. */
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { SplitName } from '../../workers/protocol';
import { actions, useStudio } from '../studio/store';
import { Button } from '../ui/button';
import { Failure } from '../ui/failure';
import { ChoiceMenu } from '../ui/menu';
import { Pane, PaneHeading } from '../ui/pane';
import { ClassesTab } from './classes-tab';
import { ORIGINAL_KEY, type Contestant } from './contestants';
import { ImagesTab } from './images-tab';
import { LayersTab } from './layers-tab';
import { ResultsTab } from './results-tab';
import { useComparison, type ComparisonState } from './use-comparison';
import { useContestants } from './use-contestants';
import styles from './compare.module.css';

const tabTitles = { results: 'Results', images: 'Images', classes: 'Classes', layers: 'Layers' } as const;
type CompareTab = keyof typeof tabTitles;
const isTab = (key: unknown): key is CompareTab => typeof key === 'string' && Object.hasOwn(tabTitles, key);

const splits = [
  { id: 'validation', title: 'validation', detail: 'Decisions are made on these images.' },
  { id: 'test', title: 'test', detail: 'For the number that is reported; every use is counted.' },
] as const;

export function ComparePane() {
  const contestants = useContestants();
  const [split, setSplit] = useState<Exclude<SplitName, 'train'>>('validation');
  const [tab, setTab] = useState<CompareTab>('results');
  const [wished, setWished] = useState(ORIGINAL_KEY);
  const comparison = useComparison(contestants, split);
  const measured = comparison.measured;
  // What others are held against must have been measured; the wish holds again when it has.
  const held = contestants.find(({ key }) => key === wished && (measured === null || measured.at.has(key)));
  const reference = held ?? contestants.find(({ key }) => measured?.at.has(key) === true) ?? contestants[0];
  const pane = useRef<HTMLDivElement>(null);
  // It took the place of what had the focus, or is what was asked for.
  useEffect(() => {
    const host = pane.current;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) close();
    };
    host?.focus();
    host?.addEventListener('keydown', onKey);
    return () => host?.removeEventListener('keydown', onKey);
  }, []);
  if (reference === undefined) return null;

  return (
    <Pane label="Compare">
      <div ref={pane} className={styles.pane} tabIndex={-1}>
        <Tabs
          className={styles.tabs ?? ''}
          selectedKey={tab}
          onSelectionChange={(key) => {
            if (isTab(key)) setTab(key);
          }}
        >
          <PaneHeading
            title="Compare"
            note={
              <>
                against{' '}
                <ChoiceMenu
                  label="Compared with"
                  choices={contestants.map(({ key, title, note }) => ({ id: key, title, detail: note }))}
                  value={reference.key}
                  onChoose={setWished}
                />{' '}
                on <ChoiceMenu label="Images" choices={splits} value={split} onChoose={setSplit} />
              </>
            }
            end={
              <span className={styles.end}>
                <TabList aria-label="What is compared" className={styles.tabList ?? ''}>
                  {Object.entries(tabTitles).map(([id, title]) => (
                    <Tab key={id} id={id} className={styles.tab ?? ''}>
                      {title}
                    </Tab>
                  ))}
                </TabList>
                <Button kind="word" onClick={close}>
                  Close
                </Button>
              </span>
            }
          />
          <Progress comparison={comparison} contestants={contestants} />
          {/* A panel keeps the id of its first tab: another tab, another panel. */}
          <TabPanel key={tab} id={tab} className={styles.panel ?? ''}>
            {contentOf(tab, contestants, comparison, reference)}
          </TabPanel>
        </Tabs>
      </div>
    </Pane>
  );
}

function close(): void {
  actions.show({ side: 'chart', outlined: null });
}

function contentOf(
  tab: CompareTab,
  contestants: readonly Contestant[],
  comparison: ComparisonState,
  reference: Contestant,
): ReactNode {
  switch (tab) {
    case 'results':
      return <ResultsTab contestants={contestants} measured={comparison.measured} reference={reference.key} />;
    case 'images':
      return <ImagesTab contestants={contestants} {...comparison} reference={reference} />;
    case 'classes':
      return <ClassesTab contestants={contestants} measured={comparison.measured} reference={reference} />;
    case 'layers':
      return <LayersTab contestants={contestants} views={comparison.views} />;
  }
}

interface ProgressProps {
  readonly comparison: ComparisonState;
  readonly contestants: readonly Contestant[];
}

/** What is being done, what failed, and which networks only their records speak for. */
function Progress({ comparison: { note, error, measured }, contestants }: ProgressProps) {
  const hasData = useStudio(({ dataset }) => dataset !== null);
  const unstored = useMemo(() => contestants.filter(({ handle }) => handle === null), [contestants]);
  if (error !== null) return <Failure message={error} />;
  const missing =
    unstored.length === 0
      ? ''
      : `${unstored.map(({ title }) => title).join(', ')}: the network is not stored, so only what its run recorded is known. `;
  const uses =
    measured === null || measured.answers.split !== 'test'
      ? ''
      : `The test split was read ${measured.answers.testUses} times. `;
  const text = note === null ? `${missing}${uses}` : `${note} …`;
  if (!hasData) return <p className={styles.note}>Answers to images need data: open some.</p>;
  return text === '' ? null : (
    <p className={styles.note} role="status" data-busy={note !== null}>
      {text}
    </p>
  );
}
