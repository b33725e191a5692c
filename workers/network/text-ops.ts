/**
 * Settings of each operation in the text form. Numbers of an axis pair are `h` or `hxw`.
 *
 *     input 32x32x3                                    flatten, add, multiply: no settings
 *     softmax, softmax log
 *     conv 16 3x3 s2 p1 d1 g1 bias                     filters, kernel, stride 1, padding 0, dilation 1, groups 1
 *     depthwise 3x3 s1 p1 d1 bias                      padding: `p1`, `p1x0` (rows, columns) or `p0,1,0,1`
 *     dense 10 bias                                    (top, bottom, left, right)
 *     bn nogamma nobeta epsilon=1e-3                   epsilon 1e-5
 *     convTranspose 16 3x3 s2 p1 o1 bias               output padding 0
 *     relu, relu6, leakyRelu slope=0.1, elu, softplus, gelu, hardSwish, swish, sigmoid, tanh
 *     hardSigmoid slope=0.2 offset=0.5, clip min=-1 max=1, prelu (slope=other names its tensor)
 *     scale 2 offset=-1                                concat, concat height, concat width
 *     maxPool 2x2 s2 p0, averagePool 2x2 s2 countPadding
 *     globalPool, globalPool max keepSpatial           pad p1 c2,3 (channels before, after)
 *     slice 0:32:2 0:32:2 0:16                         reshape 8x8x3
 *     gather 0,2,1,3                                   (input channel of every output channel)
 *     resize 64x64 bilinear asymmetric                 nearest, on the half-pixel grid (else: alignCorners)
 *     opaque GridSample 8x8x3 reason="Not known." payload=abc
 */
import { type Layer, type LayerId, NetworkError, type Padding, type Pair, type Shape, type TensorName } from './graph';

const activationKinds = [
  'relu',
  'relu6',
  'clip',
  'leakyRelu',
  'elu',
  'softplus',
  'gelu',
  'hardSwish',
  'swish',
  'hardSigmoid',
  'sigmoid',
  'tanh',
] as const;
const activationSettings = ['slope', 'offset', 'min', 'max'] as const;

interface Placed {
  readonly id: LayerId;
  readonly inputs: readonly LayerId[];
}

/** The settings of one statement; each is taken once, `finish` complains about what nobody took. */
export class Settings {
  private readonly words: string[] = [];
  private readonly values = new Map<string, string>();

  /** `quoted` names the statement in errors. */
  constructor(
    tokens: readonly string[],
    private readonly quoted: string,
  ) {
    for (let at = 0; at < tokens.length; at++) {
      const word = tokens[at] ?? '';
      if (tokens[at + 1] === '=') {
        this.values.set(word, tokens[at + 2] ?? '');
        at += 2;
      } else {
        this.words.push(word);
      }
    }
  }

  fail(problem: string): NetworkError {
    return new NetworkError(`${this.quoted}: ${problem}.`);
  }

  /** The first word left. */
  take(what: string): string {
    const word = this.words.shift();
    if (word === undefined) throw this.fail(`${what} is missing`);
    return word;
  }

  /** Takes the word `flag`, if it is there. */
  flag(flag: string): boolean {
    const at = this.words.indexOf(flag);
    if (at !== -1) this.words.splice(at, 1);
    return at !== -1;
  }

  /** Takes the word made of `letter` and digits, and returns what follows the letter. */
  lettered(letter: string): string | undefined {
    const at = this.words.findIndex((word) => word.startsWith(letter) && /^\d/.test(word.slice(1)));
    return at === -1 ? undefined : this.words.splice(at, 1)[0]?.slice(1);
  }

  /** Takes `key=value`. */
  value(key: string): string | undefined {
    const value = this.values.get(key);
    this.values.delete(key);
    return value;
  }

  numbers(text: string, separator: string): readonly number[] {
    return text.split(separator).map((part) => this.number(part));
  }

  number(text: string): number {
    const value = Number(text);
    if (text === '' || !Number.isFinite(value)) throw this.fail(`"${text}" is not a number`);
    return value;
  }

  pair(text: string, separator = 'x'): Pair {
    const [first, second = first, ...more] = this.numbers(text, separator);
    if (first === undefined || second === undefined || more.length > 0) throw this.fail(`"${text}" is not a pair`);
    return [first, second];
  }

  finish(): void {
    const left = [...this.words, ...this.values.keys()];
    if (left.length > 0) throw this.fail(`"${left.join(' ')}" means nothing here`);
  }
}

/** The layer of one statement. Throws `NetworkError` quoting it when a setting is missing or unreadable. */
export function layerFromSettings(op: string, placed: Placed, settings: Settings): Layer {
  const kind = activationKinds.find((candidate) => candidate === op);
  if (kind !== undefined) {
    const given = activationSettings.flatMap((key) => {
      const text = settings.value(key);
      return text === undefined ? [] : [[key, settings.number(text)] as const];
    });
    return { ...placed, op: 'activation', kind, ...Object.fromEntries(given) };
  }
  switch (op) {
    case 'input':
      return { ...placed, op, shape: readShape(settings) };
    case 'conv': {
      const filters = settings.number(settings.take('the number of filters'));
      const window = readWindow(settings);
      const groups = settings.number(settings.lettered('g') ?? '1');
      return { ...placed, op, filters, ...window, ...readDilation(settings), groups, ...readWeights(settings, placed) };
    }
    case 'convTranspose': {
      const filters = settings.number(settings.take('the number of filters'));
      const outputPadding = settings.pair(settings.lettered('o') ?? '0');
      return { ...placed, op, filters, ...readWindow(settings), outputPadding, ...readWeights(settings, placed) };
    }
    case 'depthwise':
      return { ...placed, op, ...readWindow(settings), ...readDilation(settings), ...readWeights(settings, placed) };
    case 'dense': {
      const units = settings.number(settings.take('the number of units'));
      return { ...placed, op, units, ...readWeights(settings, placed) };
    }
    case 'bn':
      return batchNorm(settings, placed);
    case 'add':
    case 'multiply':
    case 'flatten':
      return { ...placed, op };
    case 'softmax':
      return settings.flag('log') ? { ...placed, op, log: true } : { ...placed, op };
    case 'prelu':
      return { ...placed, op, slope: settings.value('slope') ?? `${placed.id}.slope` };
    case 'scale': {
      const factor = settings.number(settings.take('the factor'));
      return { ...placed, op, factor, offset: settings.number(settings.value('offset') ?? '0') };
    }
    case 'concat': {
      const axis = (['height', 'width'] as const).find((word) => settings.flag(word));
      return axis === undefined ? { ...placed, op } : { ...placed, op, axis };
    }
    case 'maxPool':
      return { ...placed, op, ...readWindow(settings) };
    case 'averagePool':
      return { ...placed, op, countPadding: settings.flag('countPadding'), ...readWindow(settings) };
    case 'globalPool':
      return {
        ...placed,
        op,
        mode: settings.flag('max') ? 'max' : 'average',
        ...(settings.flag('keepSpatial') ? { keepSpatial: true } : {}),
      };
    case 'reshape':
      return { ...placed, op, shape: readShape(settings) };
    case 'pad': {
      const channels = settings.pair(settings.lettered('c') ?? '0,0', ',');
      return { ...placed, op, padding: readPadding(settings), channels };
    }
    case 'slice':
      return slice(settings, placed);
    case 'gather':
      return { ...placed, op, channels: settings.numbers(settings.take('the list of channels'), ',') };
    case 'resize': {
      const mode = settings.flag('bilinear') ? 'bilinear' : 'nearest';
      const grid = (['asymmetric', 'alignCorners'] as const).find((word) => settings.flag(word)) ?? 'halfPixel';
      return { ...placed, op, mode, grid, size: settings.pair(settings.take('the size')) };
    }
    case 'opaque': {
      const operator = settings.take('the operator');
      const reason = settings.value('reason') ?? 'Not known.';
      const payload = settings.value('payload');
      const shape = readShape(settings);
      return { ...placed, op, operator, reason, shape, ...(payload === undefined ? {} : { payload }) };
    }
    default:
      throw settings.fail(`there is no operation "${op}"`);
  }
}

function readShape(settings: Settings): Shape {
  const text = settings.take('the shape');
  const [first, second, third, ...more] = settings.numbers(text, 'x');
  if (first !== undefined && second === undefined) return [first];
  if (first !== undefined && second !== undefined && third !== undefined && more.length === 0) {
    return [first, second, third];
  }
  throw settings.fail(`the shape must be HxWxC or one number of features, not "${text}"`);
}

function readWindow(settings: Settings): { kernelSize: Pair; stride: Pair; padding: Padding } {
  const stride = settings.pair(settings.lettered('s') ?? '1');
  const padding = readPadding(settings);
  return { stride, padding, kernelSize: settings.pair(settings.take('the kernel size')) };
}

function readDilation(settings: Settings): { dilation: Pair } {
  return { dilation: settings.pair(settings.lettered('d') ?? '1') };
}

function readPadding(settings: Settings): Padding {
  const text = settings.lettered('p') ?? '0';
  if (!text.includes(',')) {
    const [rows, columns] = settings.pair(text);
    return [rows, rows, columns, columns];
  }
  const [top, bottom, left, right] = settings.numbers(text, ',');
  if (top === undefined || bottom === undefined || left === undefined || right === undefined) {
    throw settings.fail(`padding "${text}" needs top, bottom, left and right`);
  }
  return [top, bottom, left, right];
}

function readWeights(settings: Settings, { id }: Placed): { kernel: TensorName; bias?: TensorName } {
  const kernel = settings.value('kernel') ?? `${id}.kernel`;
  const bias = settings.value('bias') ?? (settings.flag('bias') ? `${id}.bias` : undefined);
  return bias === undefined ? { kernel } : { kernel, bias };
}

function batchNorm(settings: Settings, placed: Placed): Layer {
  const tensor = (role: string): TensorName => settings.value(role) ?? `${placed.id}.${role}`;
  const epsilon = settings.number(settings.value('epsilon') ?? '1e-5');
  return {
    ...placed,
    op: 'batchNorm',
    ...(settings.flag('nogamma') ? {} : { gamma: tensor('gamma') }),
    ...(settings.flag('nobeta') ? {} : { beta: tensor('beta') }),
    mean: tensor('mean'),
    variance: tensor('variance'),
    epsilon,
  };
}

function slice(settings: Settings, placed: Placed): Layer {
  const axis = (what: string): readonly [number, number, number] => {
    const text = settings.take(`the range of the ${what}`);
    const [begin, end, stride = 1] = settings.numbers(text, ':');
    if (begin === undefined || end === undefined) throw settings.fail(`"${text}" is not a range begin:end[:stride]`);
    return [begin, end, stride];
  };
  const [height, width, channels] = [axis('height'), axis('width'), axis('channels')];
  return {
    ...placed,
    op: 'slice',
    begin: [height[0], width[0], channels[0]],
    end: [height[1], width[1], channels[1]],
    stride: [height[2], width[2], channels[2]],
  };
}
