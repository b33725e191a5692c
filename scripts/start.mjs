/** `npm start`: set up, build, serve the studio, open it where there is a display. */
import { spawn } from 'node:child_process';
import { checkNode, ensureBuild, ensureDependencies, root } from './setup.mjs';

function openInBrowser(address) {
  const shown =
    process.platform !== 'linux' || process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
  if (!shown || process.env.CI !== undefined) return;
  const [command, ...parameters] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', address]
        : ['xdg-open', address];
  spawn(command, parameters, { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}

try {
  checkNode();
  ensureDependencies();
  ensureBuild();
  const { preview } = await import('vite');
  const port = Number(process.env.PORT ?? 4173);
  const server = await preview({ root, preview: { port, strictPort: process.env.PORT !== undefined } });
  const address = server.resolvedUrls?.local[0] ?? `http://localhost:${port}/`;
  console.log(`Espalier is at ${address} (Ctrl+C ends it)`);
  openInBrowser(address);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
