/** What a pickle says, as plain data: nothing in it is ever called. */

/** A name the pickle refers to, `torch._utils._rebuild_tensor_v2`. */
export class PickleGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A call the pickle asks for, kept as a description. */
export class PickleCall {
  /** What the pickle would have set on the result. */
  state: PickleValue = null;
  constructor(
    readonly callee: PickleGlobal,
    readonly parameters: readonly PickleValue[],
  ) {}
}

/** A reference to bytes outside the pickle. */
export class PersistentId {
  constructor(readonly id: PickleValue) {}
}

export type PickleDict = Map<PickleValue, PickleValue>;

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleCall
  | PersistentId;
