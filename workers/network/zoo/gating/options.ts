/**
 * What a network that looks again is made of: its feed-forward backbone, and how one pass gates the next.
 *
 * RIGNet (Karim, Islam, Bruce, WACV 2019) and DIGNet (the same, WACV 2020). The papers' abstracts give the ideas; the
 * formulas behind these options are reconstructed (docs/methods/rignet.md, docs/methods/dignet.md).
 */
import { NetworkError, type Pair } from '../../graph';
import { isResNet, plainBackbones, type ResNetBackbone, type PlainBackbone } from './backbones';

export type Backbone = PlainBackbone | ResNetBackbone;

/** Where stage i takes its feedback from: the top stage (RIGNet), itself, the stage above, or the cascade (DIGNet). */
export type Routing = 'top' | 'self' | 'above' | 'cascade';

export interface GatedOptions {
  readonly backbone: Backbone;
  /** Default 32 x 32, of `fourStage` 64 x 64. Residual backbones take 32 x 32 alone. */
  readonly image?: Pair | undefined;
  /** Default 4 (cue rods), of residual backbones 10. */
  readonly classes?: number | undefined;
  /** How often the network looks; 1 is the feed-forward control. Default 1. */
  readonly passes?: number | undefined;
  /** Default `cascade`. */
  readonly routing?: Routing | undefined;
  /** What `top` feeds back: the top stage's features (default), or the logits, which are fewer. */
  readonly feedback?: 'features' | 'logits' | undefined;
  /** How a level of the cascade meets the signal from above. Default `selfGate`. */
  readonly propagator?: 'selfGate' | 'feedbackGate' | 'sum' | 'noGate' | undefined;
  /** Side of gate kernels. Default 1. */
  readonly kernel?: 1 | 3 | undefined;
  /** Gate kernels of 3 as a depthwise convolution and a 1x1 one: cheaper gates ("sepGate"). Default false. */
  readonly separable?: boolean | undefined;
  /** Default `sigmoid2`, which is 1 at 0. */
  readonly activation?: 'sigmoid2' | 'sigmoid' | 'onePlusTanh' | 'tanh' | undefined;
  /** One factor for each pixel and channel (default), each pixel, or each channel. */
  readonly granularity?: 'full' | 'spatial' | 'channel' | undefined;
  /** Gates act on what a stage reads (default) or on what it writes. */
  readonly position?: 'input' | 'output' | undefined;
  /** `multiply` (default); controls: `add` the pre-activation instead, or keep gates `frozen` at 1. */
  readonly combine?: 'multiply' | 'add' | 'frozen' | undefined;
  /** Gated stages, from 1; all when absent. */
  readonly stages?: readonly number[] | undefined;
  /** Running statistics of batch norm: each pass its own (default), or one average over all. */
  readonly statistics?: 'perPass' | 'shared' | undefined;
}

/** With nothing left open. */
export type GatingPlan = { readonly [K in keyof GatedOptions]-?: Exclude<GatedOptions[K], undefined> };

const MAX_PASSES = 8;

/** Fills in the defaults. Throws `NetworkError` for options that contradict each other. */
export function gatingPlan(options: GatedOptions): GatingPlan {
  const { backbone } = options;
  const residual = isResNet(backbone);
  const levels = residual ? 3 : plainBackbones[backbone].stages.length;
  const side = backbone === 'fourStage' ? 64 : 32;
  const plan: GatingPlan = {
    backbone,
    image: options.image ?? [side, side],
    classes: options.classes ?? (residual ? 10 : 4),
    passes: options.passes ?? 1,
    routing: options.routing ?? 'cascade',
    feedback: options.feedback ?? 'features',
    propagator: options.propagator ?? 'selfGate',
    kernel: options.kernel ?? 1,
    separable: options.separable ?? false,
    activation: options.activation ?? 'sigmoid2',
    granularity: options.granularity ?? 'full',
    position: options.position ?? 'input',
    combine: options.combine ?? 'multiply',
    stages: options.stages ?? Array.from({ length: levels }, (_, at) => at + 1),
    statistics: options.statistics ?? 'perPass',
  };
  const problem = contradiction(plan, levels, residual);
  if (problem !== undefined) throw new NetworkError(`Gated ${backbone}: ${problem}.`);
  return plan;
}

function contradiction(plan: GatingPlan, levels: number, residual: boolean): string | undefined {
  const { passes, image, stages, routing, feedback, combine, granularity, kernel, separable } = plan;
  if (!Number.isInteger(passes) || passes < 1 || passes > MAX_PASSES) {
    return `it looks 1 to ${MAX_PASSES} times, not ${passes}`;
  }
  if (residual && (image[0] !== 32 || image[1] !== 32)) return 'a residual backbone takes images of 32 x 32';
  const stray = stages.find((stage) => !Number.isInteger(stage) || stage < 1 || stage > levels);
  if (stray !== undefined) return `there is no stage ${stray} to gate, only 1 to ${levels}`;
  if (stages.length === 0) return 'name at least one stage to gate, or one pass for none';
  if (feedback === 'logits' && routing !== 'top') return 'logits are fed back by the "top" routing only';
  if (feedback === 'logits' && residual) return 'the logits of a classifier have no place to be fed back to';
  if (combine === 'add' && granularity !== 'full') return 'what is added must have a value for each pixel and channel';
  if (separable && (kernel !== 3 || granularity === 'channel')) {
    return 'separable gates have kernels of 3: a 1x1 kernel has nothing to separate';
  }
  return undefined;
}
