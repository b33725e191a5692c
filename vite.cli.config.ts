import { defineConfig } from 'vite';
import { assembly } from './scripts/assembly.mjs';

/** The command line, for Node: packages stay outside the bundle. */
export default defineConfig({
  publicDir: false,
  plugins: [assembly()],
  build: {
    ssr: true,
    rollupOptions: {
      input: ['cli/main.ts', 'cli/reading-thread.ts'],
      // Beside each other: the command line looks for the thread's program where it lies itself.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
    outDir: 'dist/cli',
    target: 'node20',
    minify: false,
  },
});
