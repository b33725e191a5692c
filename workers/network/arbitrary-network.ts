/**
 * Test material: random small networks for fast-check, with everything that couples channels in them.
 *
 * A network is a list of steps; each picks a tensor made so far and appends a layer or two. Leaving steps out leaves a
 * valid network, so that failures shrink to a few layers.
 */
import fc from 'fast-check';
import type { ActivationKind, ConvLayer, Graph, Layer, LayerId, Network, Shape } from './graph';
import { withRandomTensors } from './hazard-networks';
import { inferShapes } from './shapes';

const ACTIONS = [
  'conv',
  'conv',
  'grouped',
  'multiplier',
  'depthwise',
  'norm',
  'activation',
  'add',
  'concat',
  'shortcut',
  'pool',
  'slice',
  'crop',
  'shuffle',
  'gate',
  'attention',
  'product',
  'resize',
  'transposed',
  'prelu',
  'scale',
  'stack',
  'fold',
  'again',
] as const;

type Ending = 'logits' | 'softmax' | 'softmax log';

interface Step {
  readonly action: (typeof ACTIONS)[number];
  /** Which tensor is read, counted back from the newest. */
  readonly source: number;
  /** A free choice of the action: widths, strides, kinds. */
  readonly choice: number;
}

/** Half of them are not 0 at 0. */
const KINDS: readonly ActivationKind[] = [
  'relu',
  'sigmoid',
  'tanh',
  'hardSwish',
  'leakyRelu',
  'elu',
  'gelu',
  'softplus',
  'hardSigmoid',
  'clip',
];
const GRIDS = ['halfPixel', 'asymmetric', 'alignCorners'] as const;
const unit = { stride: [1, 1], dilation: [1, 1] } as const;
const point = { kernelSize: [1, 1], padding: [0, 0, 0, 0], ...unit } as const;
const square = { kernelSize: [3, 3], padding: [1, 1, 1, 1], ...unit } as const;

/** Images of 4x4 or 3x3 pixels, up to 10 steps, two outputs; at most 6 channels a convolution. */
export function arbitraryNetwork(): fc.Arbitrary<Network> {
  const step = fc.record({
    action: fc.constantFrom(...ACTIONS),
    source: fc.integer({ min: 0, max: 2 }),
    choice: fc.integer({ min: 0, max: 23 }),
  });
  const recipe = fc.record({
    shape: fc.constantFrom<Shape>([4, 4, 2], [3, 3, 3], [4, 3, 1]),
    steps: fc.array(step, { minLength: 2, maxLength: 10 }),
    seed: fc.nat(),
    ending: fc.constantFrom<Ending>('logits', 'softmax', 'softmax log'),
  });
  return recipe.map(({ shape, steps, seed, ending }) => withRandomTensors(build(shape, steps, ending), seed));
}

function build(shape: Shape, steps: readonly Step[], ending: Ending): Graph {
  const growth = new Growth(shape);
  for (const step of steps) growth.grow(step);
  return growth.finish(ending);
}

class Growth {
  private readonly layers: Layer[];
  private shapes: ReadonlyMap<LayerId, Shape>;

  constructor(shape: Shape) {
    this.layers = [{ id: 'x', op: 'input', inputs: [], shape }];
    this.shapes = inferShapes({ layers: this.layers, outputs: [] });
    this.conv('x', 4, square);
  }

  grow({ action, source, choice }: Step): void {
    const spatial = this.layers.map(({ id }) => id).filter((id) => this.shapes.get(id)?.length === 3);
    const from = spatial.at(-1 - (source % spatial.length)) ?? 'x';
    const [height = 1, width = 1, channels = 1] = this.shapes.get(from) ?? [];
    // Concatenations double: wide tensors are narrowed first, so that networks stay quick to run.
    switch (channels > 12 ? 'conv' : action) {
      case 'conv':
        this.conv(
          from,
          1 + (choice % 6),
          choice % 3 === 0 ? { ...square, stride: [2, 1] } : choice % 3 === 1 ? square : point,
        );
        break;
      case 'grouped':
        this.conv(this.conv(from, 6, point), 4, { ...square, groups: choice % 2 === 0 ? 2 : 1 });
        break;
      case 'multiplier':
        this.conv(from, channels * (1 + (choice % 2)), { ...square, groups: channels });
        break;
      case 'depthwise':
        this.put({ op: 'depthwise', ...square, stride: [1, 1 + (choice % 2)], kernel: this.name('kernel') }, [from]);
        break;
      case 'norm': {
        const shift = choice % 2 === 0 ? { gamma: this.name('gamma'), beta: this.name('beta') } : {};
        const statistics = { mean: this.name('mean'), variance: this.name('variance'), epsilon: 1e-3 };
        this.put({ op: 'batchNorm', ...shift, ...statistics }, [from]);
        break;
      }
      case 'activation':
        this.activation(from, KINDS[choice % KINDS.length] ?? 'relu');
        break;
      case 'add':
        this.put({ op: 'add' }, [from, this.twin(from, spatial, choice)]);
        break;
      case 'product':
        this.put({ op: 'multiply' }, [from, this.twin(from, spatial, choice)]);
        break;
      case 'concat': {
        const same = spatial.filter((id) => this.shapes.get(id)?.slice(0, 2).join() === [height, width].join());
        this.put({ op: 'concat' }, [from, same[choice % same.length] ?? from]);
        break;
      }
      case 'shortcut': {
        const pad = this.put({ op: 'pad', padding: [0, 0, 0, 0], channels: [choice % 3, (choice >> 2) % 3] }, [from]);
        this.put({ op: 'add' }, [this.conv(from, channels + (choice % 3) + ((choice >> 2) % 3), point), pad]);
        break;
      }
      case 'pool': {
        const window = { kernelSize: [2, 2], stride: [1 + (choice % 2), 1], padding: [1, 0, 0, 1] } as const;
        this.put(
          choice % 3 === 0
            ? { op: 'maxPool', ...window }
            : { op: 'averagePool', ...window, countPadding: choice % 2 === 0 },
          [from],
        );
        break;
      }
      case 'slice': {
        const begin = choice % channels;
        const end = begin + 1 + ((choice >> 2) % (channels - begin));
        this.put({ op: 'slice', begin: [0, 0, begin], end: [height, width, end], stride: [1, 1, 1] }, [from]);
        break;
      }
      case 'crop':
        this.put(
          { op: 'slice', begin: [0, 0, 0], end: [height, width, channels], stride: [2, 1, 1 + Number(choice === 0)] },
          [from],
        );
        break;
      case 'shuffle': {
        // In another order where 5 has no factor with the width; else, and where the list is longer, some twice.
        const length = Math.max(1, channels + (choice % 3) - 1);
        const picked = Array.from({ length }, (_, at) => (at * 5 + choice) % channels);
        this.put({ op: 'gather', channels: picked }, [from]);
        break;
      }
      case 'gate': {
        const keepSpatial = choice % 2 === 0;
        const pooled = this.put({ op: 'globalPool', mode: 'average', keepSpatial }, [from]);
        const mean = keepSpatial ? this.put({ op: 'reshape', shape: [channels] }, [pooled]) : pooled;
        const gate = this.put({ op: 'activation', kind: 'sigmoid' }, [this.dense(this.dense(mean, 2), channels)]);
        this.put({ op: 'multiply' }, [from, gate]);
        break;
      }
      case 'attention':
        this.put({ op: 'multiply' }, [from, this.conv(from, 1, point)]);
        break;
      case 'resize': {
        const size = [1 + (choice % 5), 1 + ((choice >> 2) % 4)] as const;
        const grid = GRIDS[choice % 3] ?? 'halfPixel';
        this.put({ op: 'resize', size, mode: choice % 2 === 0 ? 'nearest' : 'bilinear', grid }, [from]);
        break;
      }
      case 'transposed':
        this.put(
          {
            op: 'convTranspose',
            filters: 1 + (choice % 6),
            kernelSize: [2, 3],
            stride: [height > 4 ? 1 : 2, 1],
            padding: [choice % 2, 0, 1, 1],
            outputPadding: [0, 0],
            kernel: this.name('kernel'),
            bias: this.name('bias'),
          },
          [from],
        );
        break;
      case 'prelu':
        this.put({ op: 'prelu', slope: this.name('slope') }, [from]);
        break;
      case 'scale':
        this.put({ op: 'scale', factor: 0.5, offset: (choice % 3) - 1 }, [from]);
        break;
      case 'stack': {
        const other = this.twin(from, spatial, choice);
        if (height * width <= 16)
          this.put({ op: 'concat', axis: choice % 2 === 0 ? 'height' : 'width' }, [from, other]);
        break;
      }
      case 'fold':
        // Turned on its side, channels stay; pixels dealt out as channels, they do not.
        if (choice % 4 > 0) this.put({ op: 'reshape', shape: [width, height, channels] }, [from]);
        else if (channels * width <= 12) this.put({ op: 'reshape', shape: [height, 1, width * channels] }, [from]);
        break;
      case 'again':
        this.again(from, channels);
        break;
    }
  }

  /** Every tensor nobody reads goes into the head: flattened where it is small, pooled where not. */
  finish(ending: Ending): Graph {
    const read = new Set(this.layers.flatMap(({ inputs }) => inputs));
    const leaves = this.layers.filter(({ id }) => !read.has(id)).map(({ id }) => id);
    const flat = leaves.map((id, at) => {
      if (this.shapes.get(id)?.length === 1) return id;
      return this.put(at % 2 === 0 ? { op: 'flatten' } : { op: 'globalPool', mode: at % 3 === 0 ? 'max' : 'average' }, [
        id,
      ]);
    });
    const joined = flat.length > 1 ? this.put({ op: 'concat' }, flat) : (flat[0] ?? 'x');
    const hidden = this.put({ op: 'activation', kind: 'relu' }, [this.dense(joined, 3)]);
    const logits = this.dense(hidden, 2);
    const last = ending === 'logits' ? logits : this.put({ op: 'softmax', log: ending === 'softmax log' }, [logits]);
    return { layers: this.layers, outputs: [last] };
  }

  /** Another tensor of the same shape, itself included, or a convolution that makes one. */
  private twin(from: LayerId, spatial: readonly LayerId[], choice: number): LayerId {
    const shape = this.shapes.get(from)?.join();
    const twins = spatial.filter((id) => id !== from && this.shapes.get(id)?.join() === shape);
    return twins[choice % (twins.length + 1)] ?? this.conv(from, this.shapes.get(from)?.at(-1) ?? 1, point);
  }

  /** A loop unrolled: the same square kernel twice in a row. */
  private again(from: LayerId, channels: number): void {
    const first = this.conv(from, channels, square);
    const layer = this.layers.at(-1);
    const second = this.put({ op: 'activation', kind: 'tanh' }, [first]);
    if (layer?.op === 'conv') this.conv(second, channels, { ...square, kernel: layer.kernel, bias: layer.bias });
  }

  private activation(from: LayerId, kind: ActivationKind): LayerId {
    return this.put({ op: 'activation', kind, ...(kind === 'clip' ? { min: 0.25, max: 2 } : {}) }, [from]);
  }

  private conv(from: LayerId, filters: number, options: Partial<ConvLayer>): LayerId {
    const own = { kernel: this.name('kernel'), bias: this.name('bias') };
    return this.put({ op: 'conv', filters, groups: 1, ...square, ...own, ...options }, [from]);
  }

  private dense(from: LayerId, units: number): LayerId {
    return this.put({ op: 'dense', units, kernel: this.name('kernel'), bias: this.name('bias') }, [from]);
  }

  private name(role: string): string {
    return `l${this.layers.length}.${role}`;
  }

  private put(layer: DistributiveOmit<Layer, 'id' | 'inputs'>, inputs: readonly LayerId[]): LayerId {
    const id = `l${this.layers.length}`;
    this.layers.push({ ...layer, id, inputs });
    this.shapes = inferShapes({ layers: this.layers, outputs: [] });
    return id;
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
