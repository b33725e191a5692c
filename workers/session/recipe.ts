/**
 * The recipe: network source + data source + stages + seed, as JSON. It fully determines a run.
 *
 * These schemas are the one declaration: the TypeScript types, the checks on files, links and messages, and the
 * published JSON schema (`recipes/recipe.schema.json`, written by `npm run -s espalier -- schema`) come from them.
 */
import * as v from 'valibot';

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const imageSide = v.pipe(v.number(), v.integer(), v.minValue(8), v.maxValue(512));
const layerId = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const channel = count;
const side = v.pipe(positive, v.minValue(8), v.maxValue(512));

/** Where the network comes from. `file` bytes travel beside the recipe; `candidate` is a network of an earlier run. */
export const NetworkSourceSchema = v.variant('source', [
  v.strictObject({ source: v.literal('shipped'), id: v.string() }),
  v.strictObject({
    source: v.literal('zoo'),
    architecture: v.picklist(['resnet8', 'resnet20', 'resnet32', 'resnet56', 'vgg16', 'densenet40', 'mobilenetv2']),
    /** ResNets only: `identity` = option A (strided slice, zero-padded channels), `projection` = option B (1x1 convolution). */
    shortcut: v.optional(v.picklist(['identity', 'projection'])),
    /** Channels per stage; the architecture's own when absent. */
    widths: v.optional(v.pipe(v.array(positive), v.minLength(1), v.maxLength(200))),
    classes: v.optional(v.pipe(positive, v.maxValue(1000))),
  }),
  v.strictObject({
    source: v.literal('gated'),
    /** The feed-forward network under the gates; `passes` 1 leaves it alone: the controls. */
    backbone: v.picklist(['shallow', 'wide', 'deep', 'deeper', 'fourStage', 'resnet8', 'resnet20', 'resnet32']),
    /** Height and width; 32 x 32 (`fourStage`: 64 x 64) when absent. */
    image: v.optional(v.tuple([imageSide, imageSide])),
    classes: v.optional(v.pipe(positive, v.maxValue(1000))),
    /** How often the network looks at an image. */
    passes: v.optional(v.pipe(positive, v.maxValue(8))),
    /** Where a stage takes its feedback from: `top` is RIGNet, `cascade` DIGNet. */
    routing: v.optional(v.picklist(['top', 'self', 'above', 'cascade'])),
    /** Of the `top` routing. */
    feedback: v.optional(v.picklist(['features', 'logits'])),
    /** Of the `cascade` routing. */
    propagator: v.optional(v.picklist(['selfGate', 'feedbackGate', 'sum', 'noGate'])),
    /** Side of gate kernels. */
    kernel: v.optional(v.picklist([1, 3])),
    /** Gate kernels of 3 as a depthwise convolution and a 1x1 one. */
    separable: v.optional(v.boolean()),
    activation: v.optional(v.picklist(['sigmoid2', 'sigmoid', 'onePlusTanh', 'tanh'])),
    /** A factor for each pixel and channel, for each pixel, or for each channel. */
    granularity: v.optional(v.picklist(['full', 'spatial', 'channel'])),
    /** Gates act on what a stage reads, or on what it writes. */
    position: v.optional(v.picklist(['input', 'output'])),
    /** Controls: `add` instead of multiplying; `frozen` holds every gate at 1. */
    combine: v.optional(v.picklist(['multiply', 'add', 'frozen'])),
    /** Gated stages, from 1; all when absent. */
    stages: v.optional(v.pipe(v.array(positive), v.minLength(1), v.maxLength(8))),
    /** Running statistics of batch norm: each pass its own, or one average over all. */
    statistics: v.optional(v.picklist(['perPass', 'shared'])),
  }),
  /** `sha256` is over structure and tensors, as the studio shows it; another network is refused. */
  v.strictObject({ source: v.literal('file'), name: v.string(), sha256: v.optional(v.string()) }),
  v.strictObject({ source: v.literal('candidate'), run: v.string(), candidate: v.string() }),
]);

/** Where images and labels come from. Counts cap a split; the order within a split is fixed by `seed` of the source. */
export const DataSourceSchema = v.variant('source', [
  v.strictObject({
    source: v.literal('shapes10'),
    train: v.optional(positive),
    validation: v.optional(positive),
    test: v.optional(positive),
    seed: v.optional(count),
  }),
  v.strictObject({
    source: v.literal('cuerods'),
    train: v.optional(positive),
    validation: v.optional(positive),
    test: v.optional(positive),
    seed: v.optional(count),
    /** Height and width in pixels. */
    size: v.optional(v.picklist([32, 64])),
  }),
  v.strictObject({
    source: v.literal('cifar10'),
    /** Images taken from the end of the training batches for validation. */
    validation: v.optional(positive),
    train: v.optional(positive),
    test: v.optional(positive),
  }),
  v.strictObject({
    source: v.literal('folder'),
    name: v.string(),
    size: v.optional(v.pipe(positive, v.minValue(8), v.maxValue(256))),
  }),
  /** Images with masks: a folder `images` (`JPEGImages`) and a folder `masks` (`SegmentationClass`), lists of splits beside them. */
  v.strictObject({
    source: v.literal('voc'),
    name: v.string(),
    /** Height and width every image is fitted into. */
    size: v.optional(v.strictTuple([side, side])),
    /** Classes that are kept, in this order; all when absent. */
    classes: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1), v.maxLength(254))),
    /** What becomes of the others: no class, or class 0, "background". */
    others: v.optional(v.picklist(['ignore', 'background'])),
    /** Of the division where no list divides. */
    seed: v.optional(count),
  }),
  v.strictObject({ source: v.literal('hub'), url: v.pipe(v.string(), v.url()) }),
]);

export const SplitSchema = v.picklist(['train', 'validation', 'test']);

/** Settings of a method: checked again against the method's own declaration when the run starts. */
export const SettingsSchema = v.record(v.string(), v.union([v.number(), v.string(), v.boolean()]));

const trainFields = {
  epochs: v.pipe(v.number(), v.minValue(0), v.maxValue(1000)),
  batchSize: v.optional(v.pipe(positive, v.maxValue(1024)), 64),
  /** `sgd` = with momentum; `adam` = with decoupled weight decay, at learning rates around 0.003. */
  optimiser: v.optional(v.picklist(['sgd', 'adam'])),
  learningRate: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(10)), 0.05),
  momentum: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.9),
  weightDecay: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 5e-4),
  schedule: v.optional(v.picklist(['cosine', 'step', 'constant']), 'cosine'),
  /** Epochs of linear warm-up; may be a fraction. */
  warmUp: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 0),
  labelSmoothing: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  /** Of networks with several passes: how much the loss after each pass counts. Uniform when absent. */
  passLoss: v.optional(v.picklist(['uniform', 'last', 'ramp'])),
  /** Random crop (4 pixels of padding) and, where the data allow, horizontal flip and quarter turns; masks move along. */
  augment: v.optional(v.boolean(), true),
  /** Weight of the distillation loss from the unpruned network; 0 = off. */
  distillation: v.optional(share, 0),
  temperature: v.optional(v.pipe(v.number(), v.finite(), v.gtValue(0)), 4),
  /** Images per epoch; all of the split when absent. */
  imagesPerEpoch: v.optional(positive),
  /** A training method acting during the stage (C-SGD, TRP, ...). */
  method: v.optional(v.string()),
  settings: v.optional(SettingsSchema),
};

/** What a cut may and may not do. One declaration for the recipe, the planner and the panel. */
export const CutRulesSchema = v.strictObject({
  /** Share of the original multiply-adds that may be kept. */
  budget: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
  allocation: v.optional(v.picklist(['global', 'uniform', 'sensitivity']), 'global'),
  /** How importances of tied filters become one. */
  reduction: v.optional(v.picklist(['mean', 'max', 'sum', 'first']), 'mean'),
  /** Smallest share of its filters every layer keeps (never fewer than one filter). */
  floor: v.optional(share, 0.1),
  /** Kept widths are multiples of this, where the layer is wide enough. */
  roundTo: v.optional(v.picklist([1, 4, 8]), 1),
  /** Layers that lose no filter. */
  protect: v.optional(v.array(layerId), []),
  /** Layers that keep exactly this many filters. */
  keep: v.optional(v.record(layerId, positive), {}),
  /** Filters decided by hand; the budget keeps these choices. */
  byHand: v.optional(v.record(layerId, v.strictObject({ cut: v.array(channel), keep: v.array(channel) })), {}),
});

/** Some fields of a training, others left as they are. */
export const TrainingChangeSchema = v.partial(v.strictObject(trainFields));

export const StageSchema = v.variant('stage', [
  v.strictObject({ stage: v.literal('pretrain'), ...trainFields }),
  v.strictObject({
    stage: v.literal('score'),
    method: v.string(),
    settings: v.optional(SettingsSchema, {}),
  }),
  v.strictObject({ stage: v.literal('prune'), ...CutRulesSchema.entries }),
  v.strictObject({
    stage: v.literal('truncate'),
    method: v.optional(v.string(), 'svd'),
    settings: v.optional(SettingsSchema, {}),
    budget: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    /** Layers that stay whole. */
    protect: v.optional(v.array(layerId), []),
    /** Layers of exactly this rank. */
    keep: v.optional(v.record(layerId, positive), {}),
    /** Layers that lose less energy by losing filters lose those, and keep their rank. */
    filters: v.optional(v.boolean()),
  }),
  v.strictObject({
    stage: v.literal('reconstruct'),
    /** Training images the layers are compared with the original on. */
    images: v.optional(positive, 256),
    /** Pull towards the present weights, as a share of the mean square of a layer's inputs. */
    ridge: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1)), 1e-3),
  }),
  v.strictObject({
    stage: v.literal('recalibrate'),
    images: v.optional(positive, 1024),
    /** Moved as in training when absent: it is its batch-norm statistics that these take the place of. */
    augment: v.optional(v.boolean()),
  }),
  v.strictObject({ stage: v.literal('fine-tune'), ...trainFields }),
  v.strictObject({
    stage: v.literal('evaluate'),
    split: v.optional(SplitSchema, 'validation'),
    images: v.optional(positive),
    /** Of networks that look several times: how often they look here; as often as they do when absent. The network stays as it is. */
    passes: v.optional(v.pipe(positive, v.maxValue(8))),
  }),
]);

export const RecipeSchema = v.strictObject({
  $schema: v.optional(v.string()),
  version: v.literal(1),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(120)),
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)), 1),
  network: NetworkSourceSchema,
  data: DataSourceSchema,
  /** Split on which `accuracy` of the result is measured before and after every stage that changes the network. */
  measureOn: v.optional(SplitSchema, 'validation'),
  /** Cap on the images of that measurement; all when absent. */
  measureImages: v.optional(positive),
  stages: v.pipe(v.array(StageSchema), v.minLength(1), v.maxLength(50)),
});

export type NetworkSource = v.InferOutput<typeof NetworkSourceSchema>;
export type DataSource = v.InferOutput<typeof DataSourceSchema>;
export type Settings = v.InferOutput<typeof SettingsSchema>;
export type Stage = v.InferOutput<typeof StageSchema>;
export type StageName = Stage['stage'];
export type TrainStage = Extract<Stage, { stage: 'pretrain' | 'fine-tune' }>;
export type Recipe = v.InferOutput<typeof RecipeSchema>;
/** A recipe as people write it: defaults may be left out. */
export type RecipeInput = v.InferInput<typeof RecipeSchema>;

/** A nonsense recipe. `path` names the place: `stages.2.budget`. */
export class RecipeError extends Error {
  override readonly name = 'RecipeError';
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

/** Checks `json` and fills in the defaults. Throws `RecipeError` naming the first wrong place. */
export function parseRecipe(json: unknown): Recipe {
  const result = v.safeParse(RecipeSchema, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? '';
  throw new RecipeError(`The recipe is wrong at ${path === '' ? 'its root' : `"${path}"`}: ${issue.message}.`, path);
}
