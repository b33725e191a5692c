import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { assembly } from './scripts/assembly.mjs';
import { contentSecurityPolicy, isolationHeaders } from './scripts/headers.mjs';

/** Puts the policy into the built pages; the dev server needs inline styles and goes without. */
const policyTag: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
      injectTo: 'head-prepend',
    },
  ],
};

export default defineConfig({
  base: './',
  plugins: [react(), policyTag, assembly()],
  worker: { format: 'es', plugins: () => [assembly()] },
  server: { headers: isolationHeaders },
  preview: { headers: { ...isolationHeaders, 'Content-Security-Policy': contentSecurityPolicy } },
  build: {
    outDir: 'dist/site',
    target: 'es2022',
    assetsInlineLimit: 0,
    rollupOptions: { input: ['index.html', 'headless.html'] },
  },
});
