import { defineConfig } from 'vite';

/** The command line, for Node: packages stay outside the bundle. */
export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'cli/main.ts',
    outDir: 'dist/cli',
    target: 'node20',
    minify: false,
  },
});
