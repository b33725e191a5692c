/**
 * The JSON that may lie beside a weight file: input normalisation and class names,
 * `{ input: { mean, std, scale? }, classes? }`. Unknown fields are left alone.
 */
import * as v from 'valibot';
import type { Normalisation } from '../network/graph';
import type { OpenedFile, SniffedFile } from './format';
import { FormatError } from './format-error';
import { parseJsonStrictly } from './strict-json';

const channel = v.pipe(v.number(), v.finite());
const SidecarSchema = v.object({
  name: v.optional(v.string()),
  input: v.optional(
    v.object({
      mean: v.optional(v.pipe(v.array(channel), v.length(3))),
      std: v.optional(v.pipe(v.array(v.pipe(channel, v.gtValue(0))), v.length(3))),
      channelOrder: v.optional(v.literal('RGB', 'images must be RGB')),
    }),
  ),
  classes: v.optional(v.array(v.string())),
});

export interface Sidecar {
  readonly name: string | undefined;
  readonly normalisation: Normalisation | undefined;
  readonly classes: readonly string[] | undefined;
}

/** Throws `FormatError` naming the field that is wrong. */
export async function readSidecar(blob: Blob, file: string): Promise<Sidecar> {
  const result = v.safeParse(SidecarSchema, parseJsonStrictly(await blob.arrayBuffer(), file));
  if (!result.success) {
    const [issue] = result.issues;
    const place = v.getDotPath(issue) ?? 'root';
    throw new FormatError('malformed', `"${place}" is wrong: ${issue.message}.`, file, place);
  }
  const { name, input, classes } = result.output;

  const { mean, std } = input ?? {};
  return { name, normalisation: mean && std ? { mean, std } : undefined, classes };
}

/** What the JSON dropped with a network says; undefined when there is none. */
export async function sidecarOf(beside: readonly SniffedFile[]): Promise<Sidecar | undefined> {
  const json = beside.find(({ kind }) => kind === 'json');
  return json === undefined ? undefined : readSidecar(json.file, json.file.name);
}

/** Adds what a JSON dropped with a network says about its input and classes. */
export async function applySidecar(opened: OpenedFile, beside: readonly SniffedFile[]): Promise<OpenedFile> {
  const { normalisation, classes } = (await sidecarOf(beside)) ?? {};
  const meta = {
    ...opened.network.meta,
    ...(normalisation === undefined ? {} : { normalisation }),
    ...(classes === undefined ? {} : { classes }),
  };
  return { ...opened, network: { ...opened.network, meta } };
}
