import { defineConfig } from 'vite';
import { assembly } from './scripts/assembly.mjs';

/** The command line, for Node: packages stay outside the bundle. */
export default defineConfig({
  publicDir: false,
  plugins: [assembly()],
  build: {
    ssr: 'cli/main.ts',
    outDir: 'dist/cli',
    target: 'node20',
    minify: false,
  },
});
