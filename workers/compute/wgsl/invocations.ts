/** What the shaders share: their bindings and the number of an invocation. */
import type { Shader } from './wgsl-operation';

const workgroupSize = 64;

/**
 * A shader of `count` independent invocations. `body` finds its own number in `at`; what is named in `reads` and `writes`
 * are arrays of f32, bound in this order.
 */
export function invocations(count: number, reads: readonly string[], writes: readonly string[], body: string): Shader {
  const code = `${bindings(reads, writes)}
@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let at = i32((workgroup.y * workgroups.x + workgroup.x) * ${workgroupSize}u + local);
  if (at >= ${count}) { return; }
${body}
}
`;
  return { code, workgroups: Math.ceil(count / workgroupSize) };
}

export function bindings(reads: readonly string[], writes: readonly string[]): string {
  return [
    ...reads.map((name, at) => `@group(0) @binding(${at}) var<storage, read> ${name}: array<f32>;`),
    ...writes.map(
      (name, at) => `@group(0) @binding(${reads.length + at}) var<storage, read_write> ${name}: array<f32>;`,
    ),
  ].join('\n');
}

/** `body(step)` for every `index` from `index` to `end`, four at a time. */
export function fourAtATime(index: string, end: string, body: (index: string) => string): string {
  const four = [0, 1, 2, 3].map((step) => `{ ${body(`(${index} + ${step})`)} }`).join('\n');
  return `for (; ${index} + 4 <= ${end}; ${index} += 4) {
${four}
  }
  for (; ${index} < ${end}; ${index}++) { ${body(index)} }`;
}
