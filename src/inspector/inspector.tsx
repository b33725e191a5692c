/** Inspector panel: one layer from close by. Tabs appear for what the present method has to show. */
import type { ReactNode } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { InspectorTab } from '../studio/state';
import { imageNote } from '../looks/image-note';
import { actions, useStudio } from '../studio/store';
import { later } from '../ui/later';
import { Pane, PaneHeading } from '../ui/pane';
import { FiltersTab } from './filters-tab';
import { useInspected, type Inspected } from './inspected';
import { isTab, shownTab, tabsOf, tabTitles } from './tabs';
import styles from './inspector.module.css';

// Shown when asked for, or by methods and networks that have them: the first screen does not wait for them.
const CouplingTab = later('The coupling', async () => (await import('./coupling-tab')).CouplingTab);
const GatesTab = later('The gates', async () => (await import('./gates-tab')).GatesTab);
const ClustersTab = later('The clusters', async () => (await import('./clusters-tab')).ClustersTab);
const RanksTab = later('The ranks', async () => (await import('./ranks-tab')).RanksTab);
const LooksTab = later('Look by look', async () => (await import('../looks/looks-tab')).LooksTab);
const MapsTab = later('The sheet of looks', async () => (await import('../looks/maps-tab')).MapsTab);

export function Inspector() {
  const inspected = useInspected();
  const tabs = useStudio(tabsOf).split(' ').filter(isTab);
  const tab = useStudio((state) => shownTab(state, tabs));
  const ofImage = useStudio(imageNote);
  if (inspected === null) {
    return (
      <Pane label="Inspector">
        <PaneHeading title="Layer" note="opens with a network" />
      </Pane>
    );
  }
  const { row, tied } = inspected;
  const looks = tab === 'maps' || tab === 'looks';
  const ofLayer = tied === null ? row.description : `${row.description}, ${tied}`;
  const note = tab === 'maps' ? ofImage : looks ? 'on all validation images' : ofLayer;
  const ofRow = row.role === 'stem' || row.role === 'classifier' ? capital(row.label) : `Layer ${row.label}`;
  return (
    <Pane label="Inspector">
      <Tabs
        className={styles.tabs ?? ''}
        selectedKey={tab}
        onSelectionChange={(key) => {
          if (isTab(key)) actions.show({ tab: key });
        }}
      >
        <PaneHeading
          title={tab === 'maps' ? 'Looks at one image' : looks ? 'Look by look' : ofRow}
          note={<span title={note}>{note}</span>}
          end={
            <TabList aria-label="Views of the layer" className={styles.tabList ?? ''}>
              {tabs.map((id) => (
                <Tab key={id} id={id} className={styles.tab ?? ''}>
                  {tabTitles[id]}
                </Tab>
              ))}
            </TabList>
          }
        />
        {/* A panel keeps the id of its first tab: another tab, another panel. */}
        <TabPanel key={tab} id={tab} className={styles.panel ?? ''} data-view={tab}>
          {contentOf(tab, inspected)}
        </TabPanel>
      </Tabs>
    </Pane>
  );
}

function contentOf(tab: InspectorTab, inspected: Inspected): ReactNode {
  switch (tab) {
    case 'filters':
      return <FiltersTab inspected={inspected} />;
    case 'coupling':
      return <CouplingTab inspected={inspected} />;
    case 'gates':
      return <GatesTab inspected={inspected} />;
    case 'clusters':
      return <ClustersTab key={inspected.row.layer} inspected={inspected} />;
    case 'ranks':
      return <RanksTab inspected={inspected} />;
    case 'looks':
      return <LooksTab />;
    case 'maps':
      return <MapsTab />;
  }
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
