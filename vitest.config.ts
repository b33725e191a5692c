import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { assembly } from './scripts/assembly.mjs';
import { chromiumArguments, chromiumPath } from './scripts/chromium.mjs';
import { isolationHeaders } from './scripts/headers.mjs';

const executablePath = chromiumPath();
const launchOptions = { args: chromiumArguments, ...(executablePath === undefined ? {} : { executablePath }) };

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [assembly()],
        test: {
          name: 'node',
          environment: 'node',
          include: ['{src,workers,cli,scripts}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.browser.test.*'],
          testTimeout: 30_000,
        },
      },
      {
        plugins: [assembly()],
        // Cross-origin isolated, as the studio is: WASM threads need it.
        server: { headers: isolationHeaders },
        // Bundled before the first test: a package met later makes vite reload the page under a running test.
        optimizeDeps: {
          include: [
            'react',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'react-aria-components',
            'recharts',
            'zustand',
            'zustand/middleware',
            'zustand/vanilla',
            'zustand/vanilla/shallow',
            'valibot',
            'idb',
            'ml-matrix',
            'modern-tar',
            'fast-png',
            'hyparquet',
            'hyparquet-compressors',
            '@zip.js/zip.js',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-core/dist/register_all_gradients',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js',
            '@tensorflow/tfjs-backend-webgpu',
          ],
        },
        test: {
          name: 'browser',
          include: ['{src,workers}/**/*.browser.test.{ts,tsx}'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            provider: playwright({ launchOptions }),
            instances: [{ browser: 'chromium' }],
            screenshotFailures: false,
          },
        },
      },
    ],
  },
});
