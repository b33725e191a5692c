/**
 * The way a page and a worker (or two workers) talk: calls with an id, a deadline for starting, progress, abort, typed
 * errors both ways, events, and no call left pending when the other side is gone.
 *
 * The worker side calls `serve(self, handlers, schemas)`, the other side `connect(() => new Worker(...))`. What may be
 * said is typed elsewhere (`protocol.ts` for the studio); this is the mechanism alone, and it knows no command.
 */
export { connect } from './rpc/connect';
export type { CallOptions, Connection, ConnectOptions } from './rpc/connect';
export { serve, transferring } from './rpc/serve';
export type { CallContext, Handlers, ParamSchemas, ResultSchemas, Service } from './rpc/serve';
export { CancelledError, RemoteError, WorkerDiedError, errorData } from './rpc/errors';
export type { Port } from './rpc/wire';
