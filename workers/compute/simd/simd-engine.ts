/**
 * Runs the kernels of `assembly/` in the memory of tfjs's WASM backend: tensors are read and written where they are.
 */
import binaries from 'virtual:simd-kernels';
import { wordCount, type RangeKernels, type RangeName } from './shared-work';
import { ThreadPool, type SpawnThread } from './thread-pool';

/** Emscripten's names of the C library's functions. */
const [allocate, release] = ['_malloc', '_free'] as const;

/** The parts of Emscripten's instance of the backend that the engine needs. */
export interface HostModule {
  [allocate](bytes: number): number;
  [release](address: number): void;
  /** The build without threads exports its memory. */
  readonly asm?: { readonly memory?: WebAssembly.Memory };
  /** The build with threads imports it. */
  readonly wasmMemory?: WebAssembly.Memory;
}

/** What the page alone calls, before or after the tasks. */
interface SerialKernels {
  readonly pack: (job: number) => void;
  readonly combineMoments: (job: number) => void;
  readonly combineGradients: (job: number) => void;
  readonly spreadMeans: (job: number) => void;
  readonly spreadFactors: (job: number) => void;
  readonly update: (...addressesFloatsAndFactors: number[]) => void;
  readonly follow: (...addressesFloatsAndFactors: number[]) => void;
  readonly addParts: (parts: number, count: number, floats: number, to: number) => void;
}

type KernelExports = RangeKernels & SerialKernels;

/** Where threads come from, and how many there are with the caller's. */
export interface Threads {
  readonly count: number;
  readonly spawn: SpawnThread;
}

/** Shares of a job for each thread: when one is held up, the others take over its rest. */
const sharesPerThread = 8;

/** Room for a job's fields; its table stands behind them. */
const fieldBytes = 128;

/** Memory of the engine's own. Its content is good until the next operation. */
interface Block {
  address: number;
  bytes: number;
}

type BlockName = 'job' | 'scratch' | 'packed' | 'partials' | 'constants';

export class SimdEngine {
  private readonly blocks = new Map<BlockName, Block>();

  private constructor(
    private readonly host: HostModule,
    private readonly memory: WebAssembly.Memory,
    readonly kernels: KernelExports,
    /** Absent: the caller works alone. */
    private readonly pool: ThreadPool | undefined,
  ) {}

  /** Undefined where there is no SIMD or the backend's memory is out of reach. Threads need shared memory. */
  static async start(host: HostModule, threads?: Threads): Promise<SimdEngine | undefined> {
    const memory = host.wasmMemory ?? host.asm?.memory;
    if (memory === undefined) return undefined;
    const shared = !(memory.buffer instanceof ArrayBuffer);
    const candidates = shared
      ? ([binaries.relaxedShared, binaries.simdShared] as const)
      : ([binaries.relaxed, binaries.simd] as const);
    for (const base64 of candidates) {
      const binary = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0);
      if (!WebAssembly.validate(binary)) continue;
      const module = await WebAssembly.compile(binary);
      const instance = await WebAssembly.instantiate(module, { env: { memory } });
      const control = host[allocate](4 * wordCount) >>> 0;
      const pool =
        shared && threads !== undefined && threads.count > 1
          ? await ThreadPool.start(threads.spawn, threads.count - 1, { module, memory, control })
          : undefined;
      return new SimdEngine(host, memory, instance.exports as unknown as KernelExports, pool);
    }
    return undefined;
  }

  /**
   * Carries out `tasks` tasks of the job at `job`. Kernels that begin each share with work of its own get `whole`: one
   * share for each thread.
   */
  run(kernel: RangeName, job: number, tasks: number, scratchBytes: number, whole = false): void {
    const { pool } = this;
    const threads = pool?.size ?? 1;
    // Parts keep off each other's cache lines.
    const bytes = 64 * Math.ceil(scratchBytes / 64) + 64;
    const address = this.reserve('scratch', threads * bytes);
    if (pool === undefined || tasks < 2) {
      this.kernels[kernel](job, 0, tasks, address);
      return;
    }
    const share = Math.max(1, whole ? Math.ceil(tasks / threads) : Math.floor(tasks / (sharesPerThread * threads)));
    pool.run(this.kernels, kernel, job, tasks, share, { address, bytes });
  }

  dispose(): void {
    this.pool?.dispose();
  }

  /** The address of at least `bytes` bytes of the block, whose content may be lost. */
  reserve(name: BlockName, bytes: number): number {
    const block = this.blocks.get(name);
    if (block !== undefined && bytes <= block.bytes) return block.address;
    if (block !== undefined) this.host[release](block.address);
    const address = this.host[allocate](bytes) >>> 0;
    this.blocks.set(name, { address, bytes });
    return address;
  }

  /** Writes a job: addresses, the address of `table` if there is one, other fields; returns where. */
  write(addresses: readonly number[], table: readonly number[], fields: readonly number[]): number {
    const bytes = fieldBytes + 4 * table.length;
    const address = this.reserve('job', bytes);
    const words = new Int32Array(this.memory.buffer, address, bytes / 4);
    words.set([...addresses, ...(table.length > 0 ? [address + fieldBytes] : []), ...fields]);
    words.set(table, fieldBytes / 4);
    return address;
  }

  /** Fills `count` floats with zeros. */
  clear(address: number, count: number): void {
    new Float32Array(this.memory.buffer, address, count).fill(0);
  }
}

/** The word that holds `value` in single precision. */
export function floatBits(value: number): number {
  return new Int32Array(new Float32Array([value]).buffer)[0] ?? 0;
}
