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
import { actions, connectStudio } from './studio/store';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root".');
followTheme();
if (!(await isolatePage())) {
  connectStudio(createStudioClient());
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  void actions.start('auto', location.hash);
  addEventListener('hashchange', () => void actions.openLink(location.hash));
}
