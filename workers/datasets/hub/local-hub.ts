/** A hub on this machine for tests: the API and the files in the form of Hugging Face's, faults on demand. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LocalHub {
  /** Address of the data set's page. */
  readonly page: string;
  /** Every request: method, path, range. */
  readonly requests: string[];
  /** Applied to the next requests for files, one each, in order; none left = all is well. */
  readonly faults: Fault[];
  /** Files by path inside the repository. */
  readonly files: Map<string, Buffer>;
  /** What the list of files says instead of the truth. */
  listing: (truth: readonly TreeEntry[]) => unknown;
  ranges: boolean;
  close(): Promise<void>;
}

/** `cut`: the connection breaks after so many bytes. `stall`: it falls silent there. `status`: refused. */
export type Fault = { readonly cut: number } | { readonly stall: number } | { readonly status: number };

export interface TreeEntry {
  readonly type: string;
  readonly path: string;
  readonly oid: string;
  readonly size: number;
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number };
}

const repository = 'someone/tiny';

/** Starts the hub on a free port of 127.0.0.1. */
export async function startHub(files: Readonly<Record<string, Buffer>>): Promise<LocalHub> {
  const hub: Omit<LocalHub, 'page' | 'close'> = {
    requests: [],
    faults: [],
    files: new Map(Object.entries(files)),
    listing: (truth) => truth,
    ranges: true,
  };
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return Object.assign(hub, {
    page: `http://127.0.0.1:${port}/datasets/${repository}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function treeOf(files: ReadonlyMap<string, Buffer>): TreeEntry[] {
  return [...files].map(([path, bytes]) => ({
    type: 'file',
    path,
    oid: createHash('sha1').update(bytes).digest('hex'),
    size: bytes.length,
    lfs: { oid: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 134 },
  }));
}

function answer(hub: Omit<LocalHub, 'page' | 'close'>, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://local').pathname);
  const range = request.headers.range;
  hub.requests.push(`${request.method} ${path}${range === undefined ? '' : ` ${range}`}`);
  if (path === `/api/datasets/${repository}/tree/main`) {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(hub.listing(treeOf(hub.files))));
    return;
  }
  const bytes = hub.files.get(path.replace(`/datasets/${repository}/resolve/main/`, ''));
  if (bytes === undefined) {
    response.writeHead(404).end();
    return;
  }
  const from = hub.ranges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
  send(bytes.subarray(from), from > 0 ? 206 : 200, hub.faults.shift(), response);
}

function send(body: Buffer, status: number, fault: Fault | undefined, response: ServerResponse): void {
  if (fault !== undefined && 'status' in fault) {
    response.writeHead(fault.status).end();
    return;
  }
  response.writeHead(status, { 'Content-Length': body.length });
  if (fault === undefined) {
    response.end(body);
    return;
  }
  const until = 'cut' in fault ? fault.cut : fault.stall;
  response.write(body.subarray(0, until), () => {
    if ('cut' in fault) response.destroy();
  });
}
