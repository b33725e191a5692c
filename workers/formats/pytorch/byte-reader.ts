/** Reads numbers, texts and lines from bytes, in order; running over the end is a `FormatError`. */
import { FormatError } from '../format-error';

export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    /** Added to places in errors: where `bytes` lies in the file. */
    private readonly base = 0,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** For errors: "byte 12". */
  get place(): string {
    return `byte ${this.base + this.position}`;
  }

  u8(): number {
    return this.view.getUint8(this.advance(1));
  }

  u16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  /** An unsigned 64-bit length; more than a file can hold is refused. */
  u64(): number {
    const value = this.view.getBigUint64(this.advance(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new FormatError('malformed', `A length of ${value} bytes is claimed.`, this.file, this.place);
    }
    return Number(value);
  }

  /** A double, most significant byte first, as pickles write it. */
  f64BigEndian(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  take(count: number): Uint8Array {
    const at = this.advance(count);
    return this.bytes.subarray(at, at + count);
  }

  text(count: number): string {
    return new TextDecoder('utf-8').decode(this.take(count));
  }

  /** Up to a newline, which is left out. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.truncated(1);
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  private advance(count: number): number {
    const at = this.position;
    if (at + count > this.bytes.length) throw this.truncated(count);
    this.position += count;
    return at;
  }

  private truncated(count: number): FormatError {
    const missing = this.position + count - this.bytes.length;
    const text = `The pickle ends too early: ${missing} more bytes were expected. Download or copy it again.`;
    return new FormatError('truncated', text, this.file, this.place);
  }
}
