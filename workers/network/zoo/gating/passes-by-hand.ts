/**
 * The slow twin of the unrolled graph: passes as a loop over functions, written from the formulas, for `shallow` networks
 * gated on the inputs of all stages by full sigmoid2 gates. Tests only.
 */
import type { ActivationKind, Layer, Network, Pair } from '../../graph';
import { referenceLayer, type ReferenceTensor } from '../../reference';
import type { Routing } from './options';

/** Answers of passes 1 to `passes` for one batch. */
export function answersByHand(
  network: Network,
  images: { readonly shape: readonly number[]; readonly values: Float32Array },
  passes: number,
  routing: Routing,
): readonly ReferenceTensor[] {
  const run = primitives(network);
  const image: ReferenceTensor = { shape: images.shape, values: Float64Array.from(images.values) };
  const sigmoid2 = (z: ReferenceTensor): ReferenceTensor => ({
    shape: z.shape,
    values: z.values.map((value) => 2 / (1 + Math.exp(-value))),
  });
  const block = (id: string, x: ReferenceTensor, stride: number, bank: string): ReferenceTensor =>
    run.activate(run.normalise(id, run.convolve(id, x, stride), bank), 'relu');

  const stem = block('stem', image, 2, '');
  const answers: ReferenceTensor[] = [];
  let before: readonly ReferenceTensor[] | null = null;
  for (let pass = 1; pass <= passes; pass++) {
    const signals: readonly ReferenceTensor[] | null = before && feedback(run, sigmoid2, before, routing);
    const stages: ReferenceTensor[] = [];
    let h = stem;
    for (const stage of [1, 2, 3]) {
      const signal = signals?.[stage - 1];
      if (signal !== undefined) {
        const z = run.convolve(`stage${stage}.gate`, signal, 1);
        h = times(h, sigmoid2(run.resize(z, sizeOf(h))));
      }
      h = block(`stage${stage}.conv1`, h, stage === 2 ? 2 : 1, `.pass${pass}`);
      stages.push(h);
    }
    answers.push(run.resize(run.convolve('head', h, 1), [images.shape[1] ?? 0, images.shape[2] ?? 0]));
    before = stages;
  }
  return answers;
}

function feedback(
  run: ReturnType<typeof primitives>,
  phi: (z: ReferenceTensor) => ReferenceTensor,
  [s1, s2, s3]: readonly ReferenceTensor[],
  routing: Routing,
): readonly ReferenceTensor[] {
  if (s1 === undefined || s2 === undefined || s3 === undefined) return [];
  switch (routing) {
    case 'self':
      return [s1, s2, s3];
    case 'above':
      return [s2, s3, s3];
    case 'top':
      return [s3, s3, s3];
    case 'cascade': {
      const level = (stage: number, above: ReferenceTensor, own: ReferenceTensor): ReferenceTensor =>
        times(
          run.resize(run.convolve(`stage${stage}.feedback`, above, 1), sizeOf(own)),
          phi(run.convolve(`stage${stage}.propagator`, own, 1)),
        );
      const f2 = level(2, s3, s2);
      return [level(1, f2, s1), f2, s3];
    }
  }
}

/** Single operations with the network's tensors: `<id>.kernel`, or `<id>.conv.kernel` of gates. */
function primitives({ tensors }: Network) {
  const apply = (layer: Layer, x: ReferenceTensor): ReferenceTensor => referenceLayer(layer, [x], tensors);
  const named = (id: string) => (tensors[`${id}.kernel`] === undefined ? `${id}.conv` : id);
  return {
    convolve(id: string, x: ReferenceTensor, stride: number): ReferenceTensor {
      const name = named(id);
      const [side = 1, , , filters = 1] = tensors[`${name}.kernel`]?.shape ?? [];
      const border = (side - 1) / 2;
      const bias = tensors[`${name}.bias`] === undefined ? {} : { bias: `${name}.bias` };
      return apply(
        {
          id,
          inputs: [''],
          op: 'conv',
          filters,
          kernelSize: [side, side],
          stride: [stride, stride],
          padding: [border, border, border, border],
          dilation: [1, 1],
          groups: 1,
          kernel: `${name}.kernel`,
          ...bias,
        },
        x,
      );
    },
    normalise(id: string, x: ReferenceTensor, bank: string): ReferenceTensor {
      const norm = `${id}.bn`;
      const statistics = { mean: `${norm}.mean${bank}`, variance: `${norm}.variance${bank}` };
      const scale = { gamma: `${norm}.gamma`, beta: `${norm}.beta` };
      return apply({ id, inputs: [''], op: 'batchNorm', ...scale, ...statistics, epsilon: 1e-5 }, x);
    },
    activate: (x: ReferenceTensor, kind: ActivationKind) => apply({ id: '', inputs: [''], op: 'activation', kind }, x),
    resize: (x: ReferenceTensor, size: Pair) =>
      apply({ id: '', inputs: [''], op: 'resize', size, mode: 'bilinear', grid: 'halfPixel' }, x),
  };
}

function sizeOf({ shape }: ReferenceTensor): Pair {
  return [shape[1] ?? 0, shape[2] ?? 0];
}

function times(x: ReferenceTensor, factor: ReferenceTensor): ReferenceTensor {
  return { shape: x.shape, values: x.values.map((value, at) => value * (factor.values[at] ?? 0)) };
}
