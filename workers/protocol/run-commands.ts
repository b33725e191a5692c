/** Commands that begin runs, steer them, and give back what they left. */
import type { NetworkFormat } from '../network/graph';
import type { Recipe } from '../session/recipe';
import type { DatasetId, NetworkId, NetworkView } from './networks';
import type { CandidateId, MetricPoint, RunId, RunState, RunSummary, TelemetrySample } from './runs';

/** `everything`: one zip with all formats the network can leave in, source, recipe and model card. */
export type ExportFormat = NetworkFormat | 'everything' | 'project' | 'recipe' | 'metrics';

/** What is carried out and kept. */
export interface RunCommands {
  startRun: {
    params: {
      readonly recipe: Recipe;
      /** Open networks and data to use; otherwise the recipe's sources are opened. */
      readonly network: NetworkId | null;
      readonly dataset: DatasetId | null;
      readonly files: readonly File[];
    };
    result: { readonly run: RunId };
  };
  /** `step` carries out one training step of a paused run. `stop` keeps what is there. */
  controlRun: {
    params: { readonly run: RunId; readonly action: 'pause' | 'resume' | 'step' | 'stop' };
    result: { readonly state: RunState };
  };
  /** Changes a live knob of the method that trains. */
  setKnob: { params: { readonly run: RunId; readonly setting: string; readonly value: number }; result: null };
  listRuns: { params: null; result: { readonly runs: readonly RunSummary[] } };
  deleteRun: { params: { readonly run: RunId }; result: null };
  /** A person's name for a network of a run; empty = none. */
  renameCandidate: {
    params: { readonly run: RunId; readonly candidate: CandidateId; readonly name: string };
    result: null;
  };
  metricsOf: { params: { readonly run: RunId }; result: { readonly points: readonly MetricPoint[] } };
  /** What the method that trained last said of itself, oldest first, thinned so that it stays small. */
  telemetryOf: { params: { readonly run: RunId }; result: { readonly samples: readonly TelemetrySample[] } };
  openCandidate: {
    params: { readonly run: RunId; readonly candidate: CandidateId };
    result: NetworkView;
  };
  /** The written file is reopened in a separate worker and its logits compared before it is returned. */
  exportNetwork: {
    params: {
      readonly network: NetworkId | null;
      readonly run: RunId | null;
      readonly dataset: DatasetId | null;
      readonly format: ExportFormat;
    };
    result: {
      readonly name: string;
      readonly blob: Blob;
      readonly sha256: string;
      readonly proof: { readonly maxAbsLogitDifference: number; readonly images: number } | null;
    };
  };
}
