/**
 * The convolution kernels of `assembly/`, working in the memory of tfjs's WASM backend: tensors are read and written where
 * they are.
 */
import binaries from './assembly/index.ts?assembly';
import { forwardJob, gradientTiles, inputGradientJobs, type ConvolutionShape, type WindowJob } from './window-plan';

/** The parts of Emscripten's instance of the backend that the kernels need. */
export interface HostModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
  /** The build without threads exports its memory. */
  readonly asm?: { readonly memory?: WebAssembly.Memory };
  /** The build with threads imports it. */
  readonly wasmMemory?: WebAssembly.Memory;
}

type RangeKernel = (job: number, begin: number, end: number, scratch: number) => void;

interface KernelExports {
  readonly correlate: RangeKernel;
  readonly kernelGradient: RangeKernel;
  readonly pack: (job: number) => void;
}

/** Room for a job's fields, and for its segments or taps behind them. */
const fieldBytes = 128;

/** Grows as needed; addresses are good until the next call. */
interface Block {
  address: number;
  bytes: number;
}

export class SimdEngine {
  private readonly job: Block = { address: 0, bytes: 0 };
  private readonly scratch: Block = { address: 0, bytes: 0 };
  private readonly packed: Block = { address: 0, bytes: 0 };

  private constructor(
    private readonly host: HostModule,
    private readonly memory: WebAssembly.Memory,
    private readonly kernels: KernelExports,
    /** Whether a multiply-add is one instruction. */
    readonly relaxed: boolean,
  ) {}

  /** Undefined where the engine has no SIMD or the backend's memory is out of reach. */
  static async start(host: HostModule): Promise<SimdEngine | undefined> {
    const memory = host.wasmMemory ?? host.asm?.memory;
    if (memory === undefined) return undefined;
    const shared = !(memory.buffer instanceof ArrayBuffer);
    const candidates = shared
      ? ([binaries.relaxedShared, binaries.simdShared] as const)
      : ([binaries.relaxed, binaries.simd] as const);
    for (const base64 of candidates) {
      const binary = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0);
      if (!WebAssembly.validate(binary)) continue;
      const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
      const kernels = instance.exports as unknown as KernelExports;
      return new SimdEngine(host, memory, kernels, base64 === candidates[0]);
    }
    return undefined;
  }

  /** Addresses of `[n, h, w, cin]`, the kernel, and where `[n, h', w', filters]` goes. */
  convolve(shape: ConvolutionShape, input: number, kernel: number, output: number): void {
    this.correlate(forwardJob(shape), input, kernel, output);
  }

  convolveInputGradient(shape: ConvolutionShape, dy: number, kernel: number, gradient: number): void {
    for (const job of inputGradientJobs(shape)) this.correlate(job, dy, kernel, gradient);
  }

  convolveKernelGradient(shape: ConvolutionShape, input: number, dy: number, gradient: number): void {
    const job = forwardJob(shape);
    const size = shape.kernel.reduce((a, b) => a * b, 1);
    new Float32Array(this.memory.buffer, gradient, size).fill(0);
    const address = this.place(job, input, dy, gradient);
    this.kernels.kernelGradient(address, 0, gradientTiles(job), reserve(this.host, this.scratch, job.scratchBytes));
  }

  private correlate(job: WindowJob, source: number, kernel: number, target: number): void {
    const { packing } = job;
    const packed = reserve(this.host, this.packed, packing.bytes);
    const { taps, depth, depthStride, outputs, outputStride, groups, groupStride } = packing;
    const fields = [taps.length, depth, depthStride, outputs, outputStride, groups, groupStride];
    this.kernels.pack(this.write([kernel, packed], taps, fields));
    const address = this.place(job, source, target + job.targetOffset, packed);
    this.kernels.correlate(address, 0, job.bands, reserve(this.host, this.scratch, job.scratchBytes));
  }

  private place({ segments, segmentLength, rest }: WindowJob, source: number, target: number, kernel: number): number {
    return this.write([source, target, kernel], segments, [segments.length, segmentLength, ...rest]);
  }

  /** Writes addresses, the address of `table`, `fields`, and the table; returns where. */
  private write(addresses: readonly number[], table: readonly number[], fields: readonly number[]): number {
    const address = reserve(this.host, this.job, fieldBytes + 4 * table.length);
    const words = new Int32Array(this.memory.buffer, address, this.job.bytes / 4);
    words.set([...addresses, address + fieldBytes, ...fields]);
    words.set(table, fieldBytes / 4);
    return address;
  }
}

function reserve(host: HostModule, block: Block, bytes: number): number {
  if (bytes <= block.bytes) return block.address;
  if (block.address !== 0) host._free(block.address);
  block.bytes = 4 * Math.ceil(bytes / 4);
  block.address = host._malloc(block.bytes) >>> 0;
  return block.address;
}
