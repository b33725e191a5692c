/** What every reader throws: which file, what is wrong, where, and what to do about it. */

export type FormatErrorKind =
  /** The file is something else than its reader expects. */
  | 'not-this-format'
  /** The file ends before its own description says so. */
  | 'truncated'
  /** Contents contradict each other or the format's rules. */
  | 'malformed'
  /** A checksum the file carries does not match. */
  | 'corrupt'
  /** Right format, but a feature or version this program does not read. */
  | 'unsupported'
  /** Reading did not come to an end. */
  | 'timeout'
  /** Tensors that make no network this program knows. */
  | 'unrecognised';

export class FormatError extends Error {
  override readonly name = 'FormatError';
  constructor(
    readonly kind: FormatErrorKind,
    /** A whole sentence or two: what was found, what was expected, what to do. */
    message: string,
    readonly file: string,
    /** Byte offset, tensor name or field: the place inside the file. */
    readonly place: string,
  ) {
    super(`${file}: ${message}`);
  }
}
