/** What a file format is to the rest of the program: a reader, a writer, or both; and what they hand over. */
import type { Network, NetworkFormat } from '../network/graph';
import type { Project } from './project';
import type { FileKind } from './sniff';

/** A file and what its first bytes say it is. */
export interface SniffedFile {
  readonly file: File;
  readonly kind: FileKind;
}

export interface OpenedFile {
  /** Its `meta.origin` says where a foreign network came from and how its source laid it out. */
  readonly network: Network;
  /** What was guessed, left out or not understood: shown, never silent. */
  readonly notes: readonly string[];
  /** Present when the file was a project. */
  readonly project?: Project | undefined;
}

export interface NetworkReader {
  /**
   * Reads `main`, one of the reader's kinds. `beside` are the other files dropped with it (weight shards, external
   * data, a sidecar); the reader refuses or ignores those it has no use for. Throws `FormatError`.
   */
  read(main: SniffedFile, beside: readonly SniffedFile[]): Promise<OpenedFile>;
}

export interface WrittenFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface NetworkWriter {
  /**
   * Writes a network as one or more files, whose names begin with `stem` where the format leaves them free. Equal
   * networks give equal bytes. Throws `FormatError` of kind `unsupported` for what the format cannot hold.
   */
  write(network: Network, stem: string): Promise<readonly WrittenFile[]>;
}

/** A format that is read. The reader is loaded when the first file of its kinds is opened. */
export interface ReadableFormat {
  readonly kinds: readonly FileKind[];
  readonly load: () => Promise<NetworkReader>;
}

/** A format that is written. The writer is loaded when the first network leaves in it. */
export interface WritableFormat {
  readonly id: NetworkFormat;
  /** Shown to people: "ONNX". */
  readonly title: string;
  /** With its dot, lower case: what names a file of this format on the command line. */
  readonly extension: string;
  /** Source with weights, which only its own runtime can run: nothing here reopens it. */
  readonly isSource?: boolean | undefined;
  readonly load: () => Promise<NetworkWriter>;
}
