/**
 * The binary records of CIFAR-10: one label byte, then 1,024 red, 1,024 green and 1,024 blue bytes, each plane row by
 * row. https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
 */
import { DatasetError, type Split } from '../dataset';

const side = 32;
const plane = side * side;
/** Bytes of one record. */
export const recordLength = 1 + 3 * plane;

/** Decodes one batch file; planes become `[32, 32, 3]`. Throws `DatasetError` naming the record and its offset. */
export function decodeRecords(bytes: Uint8Array, file: string, classes: number): Split {
  const count = Math.floor(bytes.length / recordLength);
  const rest = bytes.length - count * recordLength;
  if (count === 0 || rest !== 0) {
    throw new DatasetError(
      'truncated',
      `${file} is ${bytes.length} bytes long, which is no whole number of records of ${recordLength} bytes: record ` +
        `${count} at byte ${count * recordLength} has ${rest}. It is cut short or not in CIFAR-10's binary layout; ` +
        'get it again from cifar-10-binary.tar.gz.',
      file,
    );
  }
  const images = new Uint8Array(count * 3 * plane);
  const labels = new Uint16Array(count);
  for (let record = 0; record < count; record++) {
    const start = record * recordLength;
    const label = bytes[start] ?? 0;
    if (label >= classes) {
      throw new DatasetError(
        'labels',
        `${file}: record ${record} at byte ${start} has label ${label}, but labels go from 0 to ${classes - 1}. ` +
          "It is damaged or not in CIFAR-10's binary layout; get it again from cifar-10-binary.tar.gz.",
        file,
      );
    }
    labels[record] = label;
    for (let pixel = 0; pixel < plane; pixel++) {
      const from = start + 1 + pixel;
      const to = 3 * (record * plane + pixel);
      images[to] = bytes[from] ?? 0;
      images[to + 1] = bytes[from + plane] ?? 0;
      images[to + 2] = bytes[from + 2 * plane] ?? 0;
    }
  }
  return { count, images, labels };
}
