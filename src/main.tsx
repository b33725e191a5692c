/** Entry point of the page. */
// First, so that the panels' own rules win over the defaults.
import './ui/tokens.css';
import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { isolatePage } from './app/isolation';
import { followTheme } from './app/theme';
import { createStudioClient } from './studio/client';
import type { StudioClient } from './studio/state';
import { actions, connectStudio } from './studio/store';

/** `?fixture` on the development server: panels without a worker. Built pages do not contain it. */
async function clientOf(): Promise<StudioClient> {
  if (!import.meta.env.DEV || !location.search.includes('fixture')) return createStudioClient();
  return (await import('./studio/fixture-client')).createFixtureClient();
}

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root".');
followTheme();
if (!(await isolatePage())) {
  connectStudio(await clientOf());
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  void actions.start('auto');
}
