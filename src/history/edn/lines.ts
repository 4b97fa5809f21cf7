/** Text of a file, plain or gzipped, in pieces of whole lines. */
import { constants, isUtf8 } from 'node:buffer';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, SchismError } from '../../model/index.js';

const pieceBytes = 1024 * 1024;
const newline = 0x0a;
const byteOrderMark = Buffer.from('\ufeff');
/** A line and the rest of its piece must fit into one string. */
const longestLine = constants.MAX_STRING_LENGTH - 2 * pieceBytes;

/**
 * Each piece ends with a line break, also where the file does not. Throws a SchismError (history)
 * that names what cannot be read: no such file, a folder, a cut gzip file, bytes that are no UTF-8,
 * a line of more than `longest` bytes (give or take a piece).
 */
export async function* wholeLines(file: string, longest = longestLine): AsyncGenerator<string> {
  const gzipped = isGzip(file);
  const plain = createReadStream(file, { highWaterMark: pieceBytes });
  const stream = gzipped
    ? pipeline(plain, createGunzip({ chunkSize: pieceBytes }), () => undefined)
    : plain;
  let line = 1;
  let first = true;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const decode = (): string => {
    const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending);
    if (!isUtf8(bytes)) throw notUtf8(file, line, bytes);
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) line++;
    const marked = first && bytes.subarray(0, 3).equals(byteOrderMark);
    first = false;
    return bytes.toString('utf8', marked ? 3 : 0);
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const end = chunk.lastIndexOf(newline) + 1;
      if (end === 0) pending.push(chunk);
      else {
        pending.push(chunk.subarray(0, end));
        yield decode();
        pending = [chunk.subarray(end)];
        pendingBytes = 0;
      }
      pendingBytes += chunk.length - end;
      if (pendingBytes > longest) throw tooLong(file, line, longest);
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

const tooLong = (file: string, line: number, longest: number): SchismError =>
  new SchismError(
    'history',
    `Expected lines of at most ${longest} bytes in ${file}, got a longer one on line ${line}.`,
  );

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
    const stat = statSync(file);
    if (!stat.isFile()) {
      const got = stat.isDirectory() ? 'a folder' : 'no regular file';
      throw new SchismError('history', `Expected ${file} to be a file of EDN lines, got ${got}.`);
    }
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
