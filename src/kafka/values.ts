/** How a value looks in a Kafka record: its name, a blank and dots up to the wanted size. */
import { foreignValue, importedWorkers, makeValue, valueName } from '../model/index.js';

const blank = 0x20;
const dot = 0x2e;
let dots = Buffer.alloc(4096, dot);

/** `w5.103 ......`, ASCII, `bytes` long, or as long as the name needs. */
export function encodeValue(value: number, bytes: number): Buffer {
  const name = valueName(value);
  if (name.length >= bytes) return Buffer.from(name, 'latin1');
  const buffer = Buffer.alloc(bytes, dot);
  buffer.write(name, 'latin1');
  buffer[name.length] = blank;
  return buffer;
}

/** The value in `bytes[from, to)`, or foreignValue: one wrong byte makes a record foreign. */
export function decodeValue(bytes: Buffer, from: number, to: number): number {
  if (from >= to || bytes[from] !== 0x77) return foreignValue;
  const worker = digits(bytes, from + 1, to);
  if (worker.end === from + 1 || bytes[worker.end] !== dot) return foreignValue;
  const sequence = digits(bytes, worker.end + 1, to);
  if (sequence.end === worker.end + 1) return foreignValue;
  if (worker.value >= importedWorkers || sequence.value >= 2 ** 32) return foreignValue;
  if (sequence.end < to) {
    if (bytes[sequence.end] !== blank) return foreignValue;
    const filler = to - sequence.end - 1;
    if (filler > dots.length) dots = Buffer.alloc(2 * filler, dot);
    if (bytes.compare(dots, 0, filler, sequence.end + 1, to) !== 0) return foreignValue;
  }
  return makeValue(worker.value, sequence.value);
}

/** A whole number without leading zeros, so that each value has one name only. */
function digits(bytes: Buffer, from: number, to: number): { value: number; end: number } {
  let value = 0;
  let end = from;
  for (; end < to && end - from < 11; end++) {
    const digit = bytes[end]! - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  const padded = end - from > 1 && bytes[from] === 0x30;
  return { value, end: padded ? from : end };
}

/** The first 40 bytes of a record that is not ours: as text if it is, else in hex. */
export function describeForeign(bytes: Buffer | null): string {
  if (bytes === null) return '(null)';
  const text = bytes.subarray(0, 40).toString('latin1');
  return /^[\x20-\x7e]*$/.test(text) ? text : `0x${bytes.subarray(0, 19).toString('hex')}`;
}
