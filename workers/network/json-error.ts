/**
 * What can be wrong with a network description.
 */
import { type LayerId, NetworkError } from './graph';

/**
 * `notJson`: cannot be parsed at all; `otherFormat`: JSON of something else; `newer`: written by a newer Espalier;
 * `malformed`: a field is missing, unknown or of the wrong type; `invalid`: the fields do not make a network.
 */
export type NetworkJsonFault = 'notJson' | 'otherFormat' | 'newer' | 'malformed' | 'invalid';

/** A network description that cannot be read. */
export class NetworkJsonError extends NetworkError {
  override readonly name = 'NetworkJsonError';
  constructor(
    readonly fault: NetworkJsonFault,
    message: string,
    /** Place in the document, "graph.layers.3.stride". Empty when the document as a whole is meant. */
    readonly path = '',
    layer?: LayerId,
  ) {
    super(message, layer);
  }
}
