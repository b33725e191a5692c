/**
 * Many tensors changed in place, value by value, in as few dispatches as the device's bindings allow: what an optimiser
 * and running statistics need after a step.
 */
import * as tf from '@tensorflow/tfjs-core';
import { bindings } from './invocations';
import { runWgsl, type Shader } from './wgsl-operation';

/** Tensors of one size, and what becomes of their values. */
export interface Change {
  readonly reads: readonly tf.Tensor[];
  /** Written over: nobody else may hold their values (`ownValues`). */
  readonly changes: readonly tf.Tensor[];
  /** WGSL: assigns `new0`, `new1` ... (the old values before) from `read0`, `read1` ... and the array `shared_`. */
  readonly body: string;
}

const workgroupSize = 64;

/**
 * Carries out `changes`, in order where they meet the same tensor. A dispatch takes as many as its storage buffers allow,
 * `maxStorageBuffersPerShaderStage`; `shared`, which all of them read, is one buffer of each.
 */
export function changeInPlace(changes: readonly Change[], shared: tf.Tensor | undefined): void {
  const tensors = [...new Set(changes.flatMap((change) => [...change.reads, ...change.changes]))];
  if (tensors.length === 0) return;
  runWgsl([shared, ...tensors], [], (engine, [sharedInfo, ...infos]) => {
    const info = (tensor: tf.Tensor): tf.TensorInfo => {
      const found = infos[tensors.indexOf(tensor)];
      if (found === undefined) throw new RangeError('A tensor to be changed is missing.');
      return found;
    };
    const before = sharedInfo === undefined ? [] : [sharedInfo];
    for (const together of dispatches(changes, engine.mostBuffers - before.length)) {
      const reads = together.flatMap((change) => change.reads.map(info));
      const writes = together.flatMap((change) => change.changes.map(info));
      engine.dispatch(changeShader(together, before.length > 0), [...before, ...reads], writes);
    }
  });
}

/** Makes `variable` the only holder of its values, copying them where a clone holds them too. */
export function ownValues(variable: tf.Variable): void {
  if (tf.engine().backend.refCount(variable.dataId) === 1) return;
  tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}

/** Consecutive changes that share a dispatch: no more buffers than `most`, and no buffer twice if it is written. */
function dispatches(changes: readonly Change[], most: number): Change[][] {
  const result: Change[][] = [];
  let room = 0;
  const [read, written] = [new Set<object>(), new Set<object>()];
  for (const change of changes) {
    const [reads, writes] = [change.reads, change.changes].map((tensors) => tensors.map(({ dataId }) => dataId));
    const own = [...(reads ?? []), ...(writes ?? [])];
    const meets = own.some((id) => written.has(id)) || writes?.some((id) => read.has(id)) === true;
    if (own.length > room || meets) {
      result.push([]);
      room = most;
      read.clear();
      written.clear();
    }
    result.at(-1)?.push(change);
    room -= own.length;
    for (const id of reads ?? []) read.add(id);
    for (const id of writes ?? []) written.add(id);
  }
  return result;
}

/** Each change has workgroups of its own, so that all invocations of one take the same branch. */
function changeShader(changes: readonly Change[], shared: boolean): Shader {
  const name = (kind: string, change: number, at: number): string => `${kind}${change}_${at}`;
  let workgroups = 0;
  const parts = changes.map((change, index) => {
    const [first, size] = [workgroups, change.changes[0]?.size ?? 0];
    workgroups += Math.ceil(size / workgroupSize);
    const read = change.reads.map((_, at) => `    let read${at} = ${name('read', index, at)}[at];`);
    const old = change.changes.map((_, at) => `    var new${at} = ${name('change', index, at)}[at];`);
    const store = change.changes.map((_, at) => `    ${name('change', index, at)}[at] = new${at};`);
    return `  if (group >= ${first} && group < ${workgroups}) {
    let at = (group - ${first}) * ${workgroupSize} + local;
    if (at >= ${size}) { return; }
${[...read, ...old].join('\n')}
    ${change.body}
${store.join('\n')}
  }`;
  });
  const names = (kind: 'reads' | 'changes', prefix: string): string[] =>
    changes.flatMap((change, index) => change[kind].map((_, at) => name(prefix, index, at)));
  const code = `${bindings([...(shared ? ['shared_'] : []), ...names('reads', 'read')], names('changes', 'change'))}
@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let group = i32(workgroup.y * workgroups.x + workgroup.x);
  let local = i32(index);
${parts.join('\n')}
}
`;
  return { code, workgroups };
}
