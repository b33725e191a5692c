/**
 * Finds the parquet files of a data set on a hub that speaks Hugging Face's API: sizes and SHA-256 come with the list.
 */
import * as v from 'valibot';
import { DatasetError, reasonOf, type SplitName } from '../dataset';

/** One file to download. */
export interface HubFile {
  readonly split: SplitName;
  /** Path inside the data set's repository. */
  readonly path: string;
  readonly url: string;
  readonly size: number;
  /** SHA-256, hex; null where the hub tells none. */
  readonly sha256: string | null;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const TreeSchema = v.array(
  v.object({
    type: v.string(),
    path: v.string(),
    size: v.optional(v.number(), 0),
    /** Large files: `oid` is the SHA-256 of the contents. The `oid` beside it is git's, over a pointer. */
    lfs: v.optional(v.object({ oid: v.string(), size: v.number() })),
  }),
);

const shardName = /^(train|validation|valid|val|test)-\d+-of-\d+\.parquet$/;
const splits: Readonly<Record<string, SplitName>> = {
  train: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  test: 'test',
};

/** Configurations that hold the whole set, best first; else the first by name. */
const preferredFolders = ['plain_text', 'default', 'data'];

interface Repository {
  readonly origin: string;
  readonly id: string;
  readonly revision: string;
}

/** Reads the address of a data set's page. Throws `DatasetError` for any other address. */
export function repositoryOf(address: string): Repository {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const match = /^\/datasets\/([\w.-]+\/[\w.-]+)(?:\/tree\/([\w.-]+))?\/?$/.exec(url?.pathname ?? '');
  const [, id, revision = 'main'] = match ?? [];
  if (url === undefined || id === undefined) {
    throw new DatasetError(
      'network',
      `"${address}" is no data set's page on a hub. Give an address like https://huggingface.co/datasets/uoft-cs/cifar10.`,
      address,
    );
  }
  return { origin: url.origin, id, revision };
}

/** Requests carry neither cookies nor where they come from: hubs refuse some referrers. */
export const requestManners: RequestInit = { credentials: 'omit', referrerPolicy: 'no-referrer' };

async function readJson(url: string, fetch: Fetch, signal: AbortSignal | undefined): Promise<unknown> {
  const unreachable = (reason: string): DatasetError =>
    new DatasetError(
      'network',
      `${url} could not be read (${reason}). Check the address and the connection, or download the data set by hand and open the files.`,
      url,
    );
  const response = await fetch(url, { ...requestManners, ...(signal ? { signal } : {}) }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw unreachable(reasonOf(error));
  });
  if (!response.ok) throw unreachable(`status ${response.status}`);
  return response.json().catch(() => {
    throw unreachable('the answer is no JSON');
  });
}

/**
 * The parquet shards of the data set at `address`, by split and number.
 * Throws `DatasetError` when the page cannot be reached or holds no such files.
 */
export async function listHubFiles(address: string, fetch: Fetch, signal?: AbortSignal): Promise<readonly HubFile[]> {
  const { origin, id, revision } = repositoryOf(address);
  const tree = v.safeParse(
    TreeSchema,
    await readJson(`${origin}/api/datasets/${id}/tree/${revision}?recursive=true`, fetch, signal),
  );
  if (!tree.success) {
    throw new DatasetError(
      'format',
      `${address} lists its files in an unknown form (${tree.issues[0].message}).`,
      address,
    );
  }
  const shards = tree.output.flatMap(({ type, path, size, lfs }) => {
    const parts = path.split('/');
    const split = splits[shardName.exec(parts.at(-1) ?? '')?.[1] ?? ''];
    if (type !== 'file' || split === undefined) return [];
    const url = `${origin}/datasets/${id}/resolve/${revision}/${parts.map(encodeURIComponent).join('/')}`;
    const sha256 = lfs !== undefined && /^[0-9a-f]{64}$/.test(lfs.oid) ? lfs.oid : null;
    return [{ split, path, url, size: lfs?.size ?? size, sha256, folder: parts.slice(0, -1).join('/') }];
  });
  const folders = [...new Set(shards.map(({ folder }) => folder))].sort();
  const chosen = preferredFolders.find((folder) => folders.includes(folder)) ?? folders[0];
  const files = shards.filter(({ folder, split }) => folder === chosen && split !== undefined);
  if (!files.some(({ split }) => split === 'train')) {
    throw new DatasetError(
      'empty',
      `${address} holds no parquet files named train-00000-of-00001.parquet or the like.`,
      address,
    );
  }
  return files.map(({ folder: _folder, ...file }) => file).sort((a, b) => (a.path < b.path ? -1 : 1));
}
