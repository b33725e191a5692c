import { defineConfig } from '@playwright/test';
import { chromiumArguments, chromiumPath } from './scripts/chromium.mjs';

const executablePath = chromiumPath();
const port = Number(process.env['ESPALIER_E2E_PORT'] ?? 4373);

export default defineConfig({
  testDir: 'e2e',
  timeout: 300_000,
  workers: 1,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [
    ['list'],
    ['json', { outputFile: process.env['PLAYWRIGHT_JSON_OUTPUT_NAME'] ?? 'test-results/report.json' }],
  ],
  use: {
    baseURL: `http://localhost:${port}/`,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: { args: [...chromiumArguments], ...(executablePath === undefined ? {} : { executablePath }) },
  },
  webServer: {
    command: `npx vite preview --port ${port} --strictPort`,
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
  },
});
