/**
 * Reads Python pickles (protocols 0 to 5) as a description, never as a program: only names on an allow-list may occur, and
 * even those are not called. Opcodes as in Python's `pickletools`.
 */
import { FormatError } from '../format-error';
import { isAllowed } from './allowed-globals';
import type { ByteReader } from './byte-reader';
import {
  PersistentId,
  PickleCall,
  type PickleDict,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
} from './pickle-values';

/** Far above any checkpoint; stops pickles that were built to cost memory. */
const maximumSteps = 20_000_000;

type Step = (machine: PickleMachine) => void;

/**
 * Reads one pickle from where `reader` stands, up to and with its STOP. Throws `FormatError`: a name that is not allowed
 * (named), an opcode that is unknown, an end too early. `references` collects what lies outside the pickle.
 */
export function readPickle(reader: ByteReader, file: string, references: PersistentId[] = []): PickleValue {
  const machine = new PickleMachine(reader, file, references);
  for (let count = 0; count < maximumSteps; count++) {
    const code = reader.u8();
    if (code === STOP) return machine.pop();
    const step = steps.get(code);
    if (step === undefined) throw machine.wrong(`opcode 0x${code.toString(16)} is none that checkpoints use`);
    step(machine);
  }
  throw machine.wrong(`it has more than ${maximumSteps} steps`);
}

class PickleMachine {
  private stack: PickleValue[] = [];
  private readonly marks: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    readonly reader: ByteReader,
    private readonly file: string,
    private readonly references: PersistentId[],
  ) {}

  refer(id: PickleValue): void {
    const reference = new PersistentId(id);
    this.references.push(reference);
    this.push(reference);
  }

  wrong(what: string): FormatError {
    return new FormatError('malformed', `The pickle cannot be read: ${what}.`, this.file, this.reader.place);
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw this.wrong('it takes a value where there is none');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw this.wrong('it looks for a value where there is none');
    return value;
  }

  mark(): void {
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** Everything since the last mark. */
  popMark(): PickleValue[] {
    const items = this.stack;
    const before = this.marks.pop();
    if (before === undefined) throw this.wrong('it closes a mark that was never set');
    this.stack = before;
    return items;
  }

  put(index: number): void {
    this.memo.set(index, this.top());
  }

  memoise(): void {
    this.put(this.memo.size);
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.wrong(`memo ${index} was never written`);
    this.push(value);
  }

  /** Refuses every name that is not on the list. */
  global(module: string, name: string): void {
    if (!isAllowed(module, name)) {
      const whole = /^(torchvision|timm|models?|torch\.nn|__torch__|__main__|ultralytics)(\.|$)/.test(module);
      const cure = whole
        ? 'The file holds a whole Python object; save its weights alone with torch.save(model.state_dict(), ...).'
        : 'Checkpoints need no such name; do not open this file in Python unless you trust where it comes from.';
      const text = `The pickle refers to "${module}.${name}", which is not on the list of names that weights need, so it was not read. ${cure}`;
      throw new FormatError('unsupported', text, this.file, this.reader.place);
    }
    this.push(new PickleGlobal(module, name));
  }

  call(): void {
    const parameters = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal)) throw this.wrong('it calls something that is not a name');
    if (!(parameters instanceof PickleTuple)) throw this.wrong(`it calls "${callee.path}" without a tuple`);
    this.push(described(callee, parameters.items));
  }

  /** Sets items of the dict below them on the stack. */
  setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (items.length % 2 !== 0) throw this.wrong('a key has no value');
    if (!(target instanceof Map)) throw this.wrong('it sets items of something that is no dict');
    for (let at = 0; at < items.length; at += 2) target.set(items[at] ?? null, items[at + 1] ?? null);
  }

  append(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!Array.isArray(target)) throw this.wrong('it appends to something that is no list');
    for (const item of items) target.push(item);
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PickleCall) target.state = state;
  }

  integer(text: string): PickleValue {
    if (text === '00') return false;
    if (text === '01') return true;
    const value = Number(text.replace(/L$/, ''));
    if (!Number.isFinite(value)) throw this.wrong(`"${text.slice(0, 20)}" is no number`);
    return value;
  }
}

/** Containers become containers, so that items can be set on them; every other call stays a description. */
function described(callee: PickleGlobal, parameters: readonly PickleValue[]): PickleValue {
  const [first] = parameters;
  if (['OrderedDict', 'defaultdict', 'Counter', 'dict'].includes(callee.name)) {
    const dict: PickleDict = new Map();
    if (!Array.isArray(first)) return dict;
    for (const pair of first) {
      const items = pair instanceof PickleTuple ? pair.items : Array.isArray(pair) ? pair : [];
      dict.set(items[0] ?? null, items[1] ?? null);
    }
    return dict;
  }
  if (['list', 'set', 'frozenset'].includes(callee.name)) return Array.isArray(first) ? [...first] : [];
  return new PickleCall(callee, parameters);
}

/** Little-endian two's complement; small enough numbers as `number`. */
function longInteger(bytes: Uint8Array): PickleValue {
  let value = 0n;
  bytes.forEach((byte, at) => (value |= BigInt(byte) << BigInt(8 * at)));
  if (bytes.length > 0 && ((bytes.at(-1) ?? 0) & 0x80) !== 0) value -= 1n << BigInt(8 * bytes.length);
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

const STOP = 0x2e;

const steps: ReadonlyMap<number, Step> = new Map<number, Step>([
  // Protocol and frames
  [0x80, (m) => void m.reader.u8()],
  [0x95, (m) => void m.reader.u64()],
  // Constants and numbers
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [0x49, (m) => m.push(m.integer(m.reader.line()))],
  [0x4c, (m) => m.push(m.integer(m.reader.line()))],
  [0x4a, (m) => m.push(m.reader.i32())],
  [0x4b, (m) => m.push(m.reader.u8())],
  [0x4d, (m) => m.push(m.reader.u16())],
  [0x8a, (m) => m.push(longInteger(m.reader.take(m.reader.u8())))],
  [0x46, (m) => m.push(m.integer(m.reader.line()))],
  [0x47, (m) => m.push(m.reader.f64BigEndian())],
  // Texts and bytes
  [0x53, (m) => m.push(m.reader.line().replace(/^(['"])(.*)\1$/, '$2'))],
  [0x56, (m) => m.push(m.reader.line())],
  [0x54, (m) => m.push(latin1(m.reader.take(m.reader.u32())))],
  [0x55, (m) => m.push(latin1(m.reader.take(m.reader.u8())))],
  [0x58, (m) => m.push(m.reader.text(m.reader.u32()))],
  [0x8c, (m) => m.push(m.reader.text(m.reader.u8()))],
  [0x8d, (m) => m.push(m.reader.text(m.reader.u64()))],
  [0x42, (m) => m.push(m.reader.take(m.reader.u32()))],
  [0x43, (m) => m.push(m.reader.take(m.reader.u8()))],
  [0x8e, (m) => m.push(m.reader.take(m.reader.u64()))],
  [0x96, (m) => m.push(m.reader.take(m.reader.u64()))],
  // Containers
  [0x28, (m) => m.mark()],
  [0x7d, (m) => m.push(new Map())],
  [0x5d, (m) => m.push([])],
  [0x8f, (m) => m.push([])],
  [0x29, (m) => m.push(new PickleTuple([]))],
  [0x74, (m) => m.push(new PickleTuple(m.popMark()))],
  [0x85, (m) => m.push(new PickleTuple([m.pop()]))],
  [0x86, (m) => m.push(new PickleTuple([m.pop(), m.pop()].toReversed()))],
  [0x87, (m) => m.push(new PickleTuple([m.pop(), m.pop(), m.pop()].toReversed()))],
  [0x6c, (m) => m.push(m.popMark())],
  [0x91, (m) => m.push(m.popMark())],
  [
    0x64,
    (m) => {
      const items = m.popMark();
      m.push(new Map());
      m.setItems(items);
    },
  ],
  [
    0x73,
    (m) => {
      const value = m.pop();
      m.setItems([m.pop(), value]);
    },
  ],
  [0x75, (m) => m.setItems(m.popMark())],
  [0x61, (m) => m.append([m.pop()])],
  [0x65, (m) => m.append(m.popMark())],
  [0x90, (m) => m.append(m.popMark())],
  // Stack and memo
  [0x30, (m) => void m.pop()],
  [0x31, (m) => void m.popMark()],
  [0x32, (m) => m.push(m.top())],
  [0x70, (m) => m.put(Number(m.reader.line()))],
  [0x71, (m) => m.put(m.reader.u8())],
  [0x72, (m) => m.put(m.reader.u32())],
  [0x94, (m) => m.memoise()],
  [0x67, (m) => m.get(Number(m.reader.line()))],
  [0x68, (m) => m.get(m.reader.u8())],
  [0x6a, (m) => m.get(m.reader.u32())],
  // Names, calls, references
  [
    0x63,
    (m) => {
      const module = m.reader.line();
      m.global(module, m.reader.line());
    },
  ],
  [
    0x93,
    (m) => {
      const name = m.pop();
      const module = m.pop();
      if (typeof name !== 'string' || typeof module !== 'string') throw m.wrong('a name is no text');
      m.global(module, name);
    },
  ],
  [
    0x69,
    (m) => {
      const parameters = m.popMark();
      const module = m.reader.line();
      m.global(module, m.reader.line());
      m.push(new PickleTuple(parameters));
      m.call();
    },
  ],
  [0x52, (m) => m.call()],
  [0x81, (m) => m.call()],
  [0x62, (m) => m.build()],
  [0x51, (m) => m.refer(m.pop())],
  [0x50, (m) => m.refer(m.reader.line())],
]);
