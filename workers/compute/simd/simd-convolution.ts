/** Convolution and its gradients on the engine. Addresses are of tensors in its memory. */
import type { SimdEngine } from './simd-engine';
import { forwardJob, gradientTiles, inputGradientJobs, type ConvolutionShape, type WindowJob } from './window-plan';

/** From `[n, h, w, cin]` and the kernel to `[n, h', w', filters]`. */
export function convolveOn(
  engine: SimdEngine,
  shape: ConvolutionShape,
  input: number,
  kernel: number,
  output: number,
): void {
  correlate(engine, forwardJob(shape), input, kernel, output);
}

export function inputGradientOn(
  engine: SimdEngine,
  shape: ConvolutionShape,
  dy: number,
  kernel: number,
  gradient: number,
): void {
  for (const job of inputGradientJobs(shape)) correlate(engine, job, dy, kernel, gradient);
}

export function kernelGradientOn(
  engine: SimdEngine,
  shape: ConvolutionShape,
  input: number,
  dy: number,
  gradient: number,
): void {
  const job = forwardJob(shape);
  engine.clear(
    gradient,
    shape.kernel.reduce((a, b) => a * b, 1),
  );
  engine.run('kernelGradient', place(engine, job, input, dy, gradient), gradientTiles(job), job.scratchBytes, true);
}

function correlate(engine: SimdEngine, job: WindowJob, source: number, kernel: number, target: number): void {
  const { taps, depth, depthStride, outputs, outputStride, groups, groupStride, bytes } = job.packing;
  const packed = engine.reserve('packed', bytes);
  const fields = [taps.length, depth, depthStride, outputs, outputStride, groups, groupStride];
  // A phase no tap reaches has nothing to pack, and its windows are zeros.
  if (taps.length > 0) engine.kernels.pack(engine.write([kernel, packed], taps, fields));
  const address = place(engine, job, source, target + job.targetOffset, packed);
  engine.run('correlate', address, job.bands, job.scratchBytes);
}

function place(engine: SimdEngine, job: WindowJob, source: number, target: number, kernel: number): number {
  const { segments, segmentLength, rest } = job;
  // The table is never empty, so that its address is always written.
  const table = segments.length > 0 ? segments : [0];
  return engine.write([source, target, kernel], table, [segments.length, segmentLength, ...rest]);
}
