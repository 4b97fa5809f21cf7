/**
 * The frames of an Arrow IPC stream: a continuation marker (-1), the length of the metadata, the
 * metadata (a flatbuffer), the body. Arrow has no checksums and its reader believes every length,
 * so each is held against the size of the file before anything is decoded.
 */
import { readSync } from 'node:fs';
import { Message, MessageHeader } from 'apache-arrow';
import { messageOf, SchismError } from '../model/index.js';

/** Where the whole part of a file ends, and why: `the file ends 5 bytes into a batch of 900`. */
export interface Cut {
  byte: number;
  reason: string;
}

export interface Frame {
  /** The file's byte at which the frame begins. */
  at: number;
  message: Message;
  bodyAt: number;
  /** Where the next frame begins. */
  end: number;
}

/** Our metadata take about 1,100 bytes, so that one read fetches them with their frame. */
const readAhead = 2048;
/** Metadata grow with the number of columns only. */
const maxMetadata = 1024 * 1024;

/**
 * Reads one frame. Returns the reason if there is no whole one at `at`, undefined if the stream
 * ends there properly.
 */
export function readFrame(fd: number, at: number, size: number): Frame | string | undefined {
  const left = size - at;
  if (left === 0) return 'the end-of-stream mark is missing, so the recording was not closed';
  let bytes = readBytes(fd, at, Math.min(left, readAhead));
  const view = new DataView(bytes.buffer);
  if (left < 8) return `the file ends ${left} bytes into a message`;
  if (view.getInt32(0, true) !== -1)
    return `a message must begin with ffffffff, got ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}`;
  const length = view.getInt32(4, true);
  if (length === 0)
    return left === 8 ? undefined : `${left - 8} bytes follow the end-of-stream mark`;
  if (length < 0 || length > maxMetadata)
    return `the metadata of a message must take 1 to ${maxMetadata} bytes, got ${length}`;
  const bodyAt = at + 8 + length;
  if (bodyAt > size) return `the file ends ${left} bytes into a message`;
  if (8 + length > bytes.length) bytes = readBytes(fd, at, 8 + length);
  let message: Message;
  try {
    message = Message.decode(bytes.subarray(8, 8 + length));
  } catch (error) {
    return `the metadata of a message cannot be decoded: ${messageOf(error)}`;
  }
  const end = bodyAt + message.bodyLength;
  if (!Number.isSafeInteger(end) || message.bodyLength < 0)
    return `the body of a message must have a length of 0 or more, got ${message.bodyLength}`;
  if (end > size) return `the file ends ${left} bytes into a message of ${end - at}`;
  return { at, message, bodyAt, end };
}

export const isSchema = (message: Message): boolean => message.headerType === MessageHeader.Schema;

/** In a buffer of its own, so that typed arrays over it are aligned. */
export function readBytes(fd: number, at: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const got = readSync(fd, bytes, done, length - done, at + done);
    if (got === 0)
      throw new SchismError(
        'history',
        `Expected the history to keep its ${at + length} bytes while it is read, got ${at + done}.`,
      );
    done += got;
  }
  return bytes;
}
