/**
 * Shaders of ours as an operation of tfjs's WebGPU backend: inputs and outputs are tensors like any other's, and dispatches
 * join the pass that tfjs is recording. tfjs's own way, `runWebGPUProgram`, writes one output per shader and recompiles
 * nothing for sizes; ours writes several and knows every size when it is compiled.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';

export interface Shader {
  /** WGSL with an entry point `main`; its bindings are what is read, then what is written. */
  readonly code: string;
  readonly workgroups: number;
}

/**
 * How products are tiled. `registers`: no shared memory and no barriers, for adapters that run on the CPU, where either
 * costs more than it saves; `shared`: tiles in workgroup memory, for GPUs.
 */
export type Tiling = 'registers' | 'shared';

export interface WgslEngine {
  readonly tiling: Tiling;
  /** Whether the device has subgroups, and with them the exchange within a quad. */
  readonly quads: boolean;
  /** Storage buffers a shader may bind: `maxStorageBuffersPerShaderStage`. */
  readonly mostBuffers: number;
  dispatch(shader: Shader, reads: readonly tf.TensorInfo[], writes: readonly tf.TensorInfo[]): void;
  /** A float32 buffer for the present operation. */
  temporary(size: number): tf.TensorInfo;
}

/** Reads tensors at `inputs` and writes every value of those at `outputs`. */
export type WgslWork = (
  engine: WgslEngine,
  inputs: readonly (tf.TensorInfo | undefined)[],
  outputs: readonly tf.TensorInfo[],
) => void;

interface Attributes {
  readonly count: number;
  readonly shapes: readonly (readonly number[])[];
  readonly work: WgslWork;
}

/** What a backend has and does not declare. */
interface Recorder {
  readonly commandQueueOwnedIds: WeakSet<object>;
  readonly tensorMap: { get(id: object): { readonly resource: GPUBuffer; values: unknown } };
  computePassEncoder: GPUComputePassEncoder | null;
  commandEncoder: GPUCommandEncoder;
  dispatchCountInPass: number;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

const operation = 'EspalierWgsl';

let engine: RecordingEngine | undefined;
let registered = false;

/** Lets `runWgsl` run on the present backend, which must be WebGPU. `quads`: default, where the device has subgroups. */
export function startWgsl(tiling: Tiling, quads?: boolean): void {
  const backend = tf.backend() as WebGPUBackend;
  engine = new RecordingEngine(backend, tiling, quads ?? backend.device.features.has('subgroups'));
  // Once per worker: tfjs's registry outlives its backends.
  if (!registered) tf.registerKernel({ kernelName: operation, backendName: 'webgpu', kernelFunc: carryOut });
  registered = true;
}

export function stopWgsl(): void {
  engine = undefined;
}

/** Whether `runWgsl` may be called: tfjs runs on WebGPU, and the engine on its device. */
export function wgslRuns(): boolean {
  return engine !== undefined && tf.getBackend() === 'webgpu';
}

/** New float32 tensors of `shapes`, made by `work`. */
export function runWgsl(
  inputs: readonly (tf.Tensor | undefined)[],
  shapes: readonly (readonly number[])[],
  work: WgslWork,
): tf.Tensor[] {
  const named = Object.fromEntries(inputs.flatMap((input, at) => (input === undefined ? [] : [[String(at), input]])));
  const attributes: Attributes = { count: inputs.length, shapes, work };
  return tf.engine().runKernel<tf.Tensor[]>(operation, named, attributes as unknown as tf.NamedAttrMap);
}

const carryOut: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  if (engine === undefined) throw new RangeError('The WebGPU engine is not running.');
  const { count, shapes, work } = attrs as unknown as Attributes;
  const gpu = backend as WebGPUBackend;
  const outputs = shapes.map((shape) => gpu.makeTensorInfo([...shape], 'float32'));
  const given = Array.from({ length: count }, (_, at) => inputs[String(at)]);
  work(engine, given, outputs);
  engine.releaseTemporaries();
  return outputs;
};

class RecordingEngine implements WgslEngine {
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private temporaries: tf.TensorInfo[] = [];
  private readonly recorder: Recorder;
  private readonly submittedAt: number;
  readonly mostBuffers: number;

  constructor(
    private readonly backend: WebGPUBackend,
    readonly tiling: Tiling,
    readonly quads: boolean,
  ) {
    this.recorder = backend as unknown as Recorder;
    this.mostBuffers = backend.device.limits.maxStorageBuffersPerShaderStage;
    this.submittedAt = tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE');
  }

  temporary(size: number): tf.TensorInfo {
    const tensor = this.backend.makeTensorInfo([size], 'float32');
    this.temporaries.push(tensor);
    return tensor;
  }

  /** The backend frees them once what was recorded has been submitted. */
  releaseTemporaries(): void {
    for (const { dataId } of this.temporaries) this.backend.disposeData(dataId);
    this.temporaries = [];
  }

  dispatch({ code, workgroups }: Shader, reads: readonly tf.TensorInfo[], writes: readonly tf.TensorInfo[]): void {
    const { backend, recorder } = this;
    const { device } = backend;
    const bound = [...reads, ...writes];
    // Before the pass is asked for: an upload ends it.
    for (const { dataId } of bound) {
      backend.uploadToGPU(dataId);
      recorder.commandQueueOwnedIds.add(dataId);
    }
    // What was read back before is not what they hold now.
    for (const { dataId } of writes) recorder.tensorMap.get(dataId).values = null;
    const layout = this.layout(reads.length, writes.length);
    const entries = bound.map(({ dataId }, binding) => ({
      binding,
      resource: { buffer: recorder.tensorMap.get(dataId).resource },
    }));
    recorder.ensureCommandEncoderReady();
    recorder.computePassEncoder ??= recorder.commandEncoder.beginComputePass();
    const pass = recorder.computePassEncoder;
    pass.setPipeline(this.pipeline(code, layout));
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    const lines = Math.ceil(workgroups / device.limits.maxComputeWorkgroupsPerDimension);
    pass.dispatchWorkgroups(Math.ceil(workgroups / lines), lines);
    recorder.dispatchCountInPass++;
    if (recorder.dispatchCountInPass < this.submittedAt) return;
    recorder.endComputePassEncoder();
    recorder.submitQueue();
  }

  private pipeline(code: string, layout: GPUBindGroupLayout): GPUComputePipeline {
    const known = this.pipelines.get(code);
    if (known !== undefined) return known;
    const { device } = this.backend;
    const made = device.createComputePipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
    });
    this.pipelines.set(code, made);
    return made;
  }

  private layout(reads: number, writes: number): GPUBindGroupLayout {
    const key = `${reads} ${writes}`;
    const known = this.layouts.get(key);
    if (known !== undefined) return known;
    const entries = Array.from({ length: reads + writes }, (_, binding): GPUBindGroupLayoutEntry => {
      const type = binding < reads ? 'read-only-storage' : 'storage';
      return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
    });
    const made = this.backend.device.createBindGroupLayout({ entries });
    this.layouts.set(key, made);
    return made;
  }
}
