/** Text of a file, plain or gzipped, in pieces of whole lines. */
import { isUtf8 } from 'node:buffer';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, SchismError } from '../../model/index.js';

const pieceBytes = 1024 * 1024;
const newline = 0x0a;

/**
 * Each piece ends with a line break, also where the file does not. Throws a SchismError (history)
 * that names what cannot be read: no such file, a folder, a cut gzip file, bytes that are no UTF-8.
 */
export async function* wholeLines(file: string): AsyncGenerator<string> {
  const gzipped = isGzip(file);
  const plain = createReadStream(file, { highWaterMark: pieceBytes });
  const stream = gzipped
    ? pipeline(plain, createGunzip({ chunkSize: pieceBytes }), () => undefined)
    : plain;
  let line = 1;
  let pending: Buffer[] = [];
  const decode = (): string => {
    const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending);
    if (!isUtf8(bytes)) throw notUtf8(file, line, bytes);
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) line++;
    return bytes.toString();
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const end = chunk.lastIndexOf(newline) + 1;
      if (end === 0) pending.push(chunk);
      else {
        pending.push(chunk.subarray(0, end));
        yield decode();
        pending = [chunk.subarray(end)];
      }
    }
  } catch (error) {
    if (error instanceof SchismError) throw error;
    throw unreadable(file, gzipped ? 'whole gzip data' : 'a readable file', error);
  } finally {
    plain.destroy();
  }
  if (pending.some((part) => part.length > 0)) {
    pending.push(Buffer.from('\n'));
    yield decode();
  }
}

const unreadable = (file: string, what: string, cause: unknown): SchismError =>
  new SchismError('history', `Expected ${file} to be ${what}, got ${messageOf(cause)}.`, { cause });

function notUtf8(file: string, first: number, bytes: Buffer): SchismError {
  let line = first;
  for (let at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(newline, at);
    if (!isUtf8(bytes.subarray(at, end))) break;
    at = end + 1;
  }
  return new SchismError('history', `Expected UTF-8 on line ${line} of ${file}, got other bytes.`);
}

/** By its first two bytes. */
function isGzip(file: string): boolean {
  let fd: number;
  try {
    if (!statSync(file).isFile())
      throw new SchismError('history', `Expected ${file} to be a file of EDN lines, got no file.`);
    fd = openSync(file, 'r');
  } catch (error) {
    if (error instanceof SchismError) throw error;
    throw unreadable(file, 'a file of EDN lines', error);
  }
  try {
    const magic = Buffer.alloc(2);
    return readSync(fd, magic, 0, 2, 0) === 2 && magic.readUInt16BE() === 0x1f8b;
  } finally {
    closeSync(fd);
  }
}
