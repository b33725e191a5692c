/** Inspector panel: one layer from close by. Tabs appear for what the present method has to show. */
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { InspectorTab } from '../studio/state';
import { actions, useStudio } from '../studio/store';
import { Pane, PaneHeading } from '../ui/pane';
import { FiltersTab } from './filters-tab';
import { useInspected } from './inspected';
import styles from './inspector.module.css';

export function Inspector() {
  const inspected = useInspected();
  const tab = useStudio((state) => state.view.tab);
  if (inspected === null) {
    return (
      <Pane label="Inspector">
        <PaneHeading title="Layer" note="opens with a network" />
      </Pane>
    );
  }
  const { row, tied } = inspected;
  const note = tied === null ? row.description : `${row.description}, ${tied}`;
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
          title={row.role === 'stem' || row.role === 'classifier' ? capital(row.label) : `Layer ${row.label}`}
          note={<span title={note}>{note}</span>}
          end={
            <TabList aria-label="Views of the layer" className={styles.tabList ?? ''}>
              <Tab id="filters" className={styles.tab ?? ''}>
                Filters
              </Tab>
            </TabList>
          }
        />
        <TabPanel id="filters" className={styles.panel ?? ''}>
          <FiltersTab inspected={inspected} />
        </TabPanel>
      </Tabs>
    </Pane>
  );
}

function isTab(key: unknown): key is InspectorTab {
  return key === 'filters';
}

function capital(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
