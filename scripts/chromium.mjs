/** Where the browser for tests and headless runs comes from, and how it is started. */
import { existsSync } from 'node:fs';

const candidates = [
  process.env.ESPALIER_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of a system Chromium or Chrome, or undefined: Playwright then uses its own. */
export function chromiumPath() {
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** WebGPU also where there is no GPU (SwiftShader), no traffic of the browser's own. */
export const chromiumArguments = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
