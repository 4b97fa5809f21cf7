/** Files in memory. They outlive the node that wrote them, as a disk does. */
import type { Storage, StoredFile } from '../../../src/targets/embedded/broker/env.js';

interface Content {
  bytes: Buffer;
  size: number;
}

export class MemoryStorage implements Storage {
  readonly #files = new Map<string, Content>();

  list(folder: string): string[] {
    const names = [...this.#files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1).split('/')[0]!);
    return [...new Set(names)].sort();
  }
  read(path: string): Buffer | undefined {
    const file = this.#files.get(path);
    return file && Buffer.from(file.bytes.subarray(0, file.size));
  }
  replace(path: string, bytes: Buffer, _sync: boolean): void {
    this.#files.set(path, { bytes: Buffer.from(bytes), size: bytes.length });
  }
  open(path: string): StoredFile {
    const content = this.#files.get(path) ?? { bytes: Buffer.alloc(0), size: 0 };
    this.#files.set(path, content);
    return new MemoryFile(content);
  }
  remove(path: string): void {
    for (const name of [...this.#files.keys()])
      if (name === path || name.startsWith(`${path}/`)) this.#files.delete(name);
  }
}

class MemoryFile implements StoredFile {
  readonly #content: Content;
  constructor(content: Content) {
    this.#content = content;
  }
  get size(): number {
    return this.#content.size;
  }
  append(added: Buffer): void {
    const content = this.#content;
    const size = content.size + added.length;
    if (size > content.bytes.length) {
      const larger = Buffer.alloc(Math.max(4096, 2 * size));
      content.bytes.copy(larger, 0, 0, content.size);
      content.bytes = larger;
    }
    added.copy(content.bytes, content.size);
    content.size = size;
  }
  read(position: number, length: number): Buffer {
    const end = position + length;
    if (end > this.#content.size)
      throw new RangeError(`Expected ${end} bytes, got ${this.#content.size}.`);
    return Buffer.from(this.#content.bytes.subarray(position, end));
  }
  truncate(size: number): void {
    this.#content.size = Math.min(size, this.#content.size);
  }
  sync(): void {
    // Only a power loss would show a difference.
  }
  close(): void {
    // Nothing to give back.
  }
}
