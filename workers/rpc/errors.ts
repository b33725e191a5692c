/** Errors of the mechanism, and how any error crosses the line: as `{kind, message, data}`, fields included. */

/** What crosses the line of an error: `kind` is machine-readable, `message` names what to do. */
export interface WorkerErrorData {
  readonly kind: string;
  readonly message: string;
  /** Fields of the original error: layer, file, offset, path. */
  readonly data: Readonly<Record<string, string | number>>;
}

type ErrorFields = WorkerErrorData['data'];

/** The worker never became ready: missing script, policy, a throw while it loaded, or silence. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

/** The worker is gone, and with it every call that was under way. `cause` says what killed it, when it could tell. */
export class WorkerDiedError extends Error {
  override readonly name = 'WorkerDiedError';
  /** Kind of the error that killed the worker: `TypeError`, `DeviceError`, or `terminated`, `silent`, `closed`. */
  readonly causeKind: string;
  /** Fields of that error. */
  readonly fields: ErrorFields;
  constructor(message: string, causeKind: string, fields: ErrorFields = {}) {
    super(message);
    this.causeKind = causeKind;
    this.fields = fields;
  }
}

/** The worker lives but did not take up the call in time. */
export class CallStartError extends Error {
  override readonly name = 'CallStartError';
}

/** The caller aborted. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor(message = 'The work was cancelled.') {
    super(message);
  }
}

/** A message that breaks the protocol: unknown command, wrong parameters, something that cannot be sent. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  constructor(
    message: string,
    /** Place of the fault: `removed.stem.0`; empty for the message as a whole. */
    readonly path = '',
  ) {
    super(message);
  }
}

/** An error thrown on the other side. `kind` is the name of its class there, `data` its fields. */
export class RemoteError extends Error {
  override readonly name: string;
  readonly kind: string;
  readonly data: ErrorFields;
  constructor(error: WorkerErrorData) {
    super(error.message);
    this.name = error.kind;
    this.kind = error.kind;
    this.data = error.data;
  }
}

const ownMembers = new Set(['name', 'message', 'stack', 'cause']);

/** Any thrown value as plain data: the class's name as `kind`, its string and number fields as `data`. */
export function errorData(thrown: unknown): WorkerErrorData {
  if (thrown instanceof RemoteError) return { kind: thrown.kind, message: thrown.message, data: thrown.data };
  if (!(thrown instanceof Error)) return { kind: 'Error', message: String(thrown), data: {} };
  const fields: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(thrown)) {
    if (!ownMembers.has(key) && (typeof value === 'string' || typeof value === 'number')) fields[key] = value;
  }
  return { kind: thrown.name, message: thrown.message, data: fields };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Reads what came over the line as an error; undefined when it is none. */
export function parseErrorData(value: unknown): WorkerErrorData | undefined {
  if (!isRecord(value) || typeof value['kind'] !== 'string' || typeof value['message'] !== 'string') return undefined;
  const data: Record<string, string | number> = {};
  for (const [key, field] of Object.entries(isRecord(value['data']) ? value['data'] : {})) {
    if (typeof field === 'string' || typeof field === 'number') data[key] = field;
  }
  return { kind: value['kind'], message: value['message'], data };
}
