/** Serves the built site to a headless browser, with local files to read and a place to write results to. */
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename, extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { contentSecurityPolicy, isolationHeaders } from '../scripts/headers.mjs';

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

export interface SiteServer {
  /** `http://127.0.0.1:PORT/`. */
  readonly address: string;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** Folder of the built site. */
  readonly site: string;
  /** Local files offered as `/files/0`, `/files/1`, ... in this order. */
  readonly files: readonly string[];
  /** Folder that takes what is posted to `/artefacts/NAME`; made when first needed. Without it such posts are refused. */
  readonly out?: string | undefined;
  /** The content security policy of what is sent; the studio's own when absent. */
  readonly policy?: string | undefined;
}

async function sendFile(path: string, response: ServerResponse, { policy }: SiteOptions): Promise<void> {
  if (!existsSync(path) || !statSync(path).isFile()) {
    response.writeHead(404).end('Not found');
    return;
  }
  response.writeHead(200, {
    ...isolationHeaders,
    'Content-Security-Policy': policy ?? contentSecurityPolicy,
    'Content-Type': mediaTypes[extname(path)] ?? 'application/octet-stream',
    'Content-Length': statSync(path).size,
  });
  await pipeline(createReadStream(path), response);
}

async function answer(request: IncomingMessage, response: ServerResponse, options: SiteOptions): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  if (request.method === 'POST' && path.startsWith('/artefacts/') && options.out !== undefined) {
    await mkdir(options.out, { recursive: true });
    await pipeline(request, createWriteStream(join(options.out, basename(path))));
    response.writeHead(204, isolationHeaders).end();
    return;
  }
  const listed = /^\/files\/(\d+)$/.exec(path)?.[1];
  const local = listed === undefined ? undefined : options.files[Number(listed)];
  if (local !== undefined) return sendFile(local, response, options);
  const target = normalize(join(options.site, path === '/' ? 'index.html' : path));
  if (!target.startsWith(options.site + sep)) {
    response.writeHead(403).end();
    return;
  }
  await sendFile(target, response, options);
}

/** Starts on a free port of the loop-back address. */
export async function serveSite(options: SiteOptions): Promise<SiteServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.message : 'failed');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The local server has no port.');
  return {
    address: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
