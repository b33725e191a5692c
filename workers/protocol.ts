/**
 * Every message between page and worker, typed.
 *
 * `Commands` pairs each command with its parameters and result; `StudioEvent` is what the worker says unasked.
 * The mechanism (ids, deadlines, abort, typed errors) is in `rpc.ts`; checks on what arrives are in `protocol-schema.ts`.
 * The page may import this file and `network/`, nothing else of the engine.
 */
import type { DeviceReport } from './compute/executor';
import type { MethodDeclaration } from './methods/method';
import type { LookingCommands } from './protocol/looking';
import type { MeasuringCommands } from './protocol/measuring';
import type { NetworkCommands, ShippedNetwork } from './protocol/networks';
import type { RunCommands } from './protocol/run-commands';
import type { RunEvent, RunSummary } from './protocol/runs';

export type { DeviceReport } from './compute/executor';
export type { SplitName, Task } from './datasets/dataset';
export type {
  MethodDeclaration,
  SettingDeclaration,
  SettingsDeclaration,
  SettingValues,
  Telemetry,
} from './methods/method';
export type { DataSource, NetworkSource, Recipe, RecipeInput, Stage, StageName, TrainStage } from './session/recipe';
export type { ClassCounts, Metric } from './training/evaluate';
export type { WorkerErrorData } from './rpc/errors';
export type * from './protocol/networks';
export type * from './protocol/measuring';
export type * from './protocol/looking';
export type * from './protocol/runs';
export type * from './protocol/run-commands';

export type StudioEvent =
  | { readonly kind: 'run'; readonly event: RunEvent }
  | { readonly kind: 'device'; readonly report: DeviceReport }
  | { readonly kind: 'device-lost'; readonly reason: string; readonly recovering: boolean }
  | { readonly kind: 'storage'; readonly message: string; readonly bytesNeeded: number | null }
  | { readonly kind: 'warning'; readonly message: string };

export type DeviceChoice = 'auto' | 'webgpu' | 'wasm';

/** Command name -> parameters and result. `progress` marks commands that report 0..1 with a note while they work. */
export interface Commands extends NetworkCommands, MeasuringCommands, LookingCommands, RunCommands {
  start: {
    params: { readonly device: DeviceChoice; readonly baseUrl: string };
    result: {
      readonly device: DeviceReport;
      readonly methods: readonly MethodDeclaration[];
      readonly shipped: readonly ShippedNetwork[];
      readonly runs: readonly RunSummary[];
    };
  };
}

export type CommandName = keyof Commands;
export type CommandParams<C extends CommandName> = Commands[C]['params'];
export type CommandResult<C extends CommandName> = Commands[C]['result'];
