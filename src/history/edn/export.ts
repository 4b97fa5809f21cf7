/** A history as EDN lines that Jepsen can read, one op a line. */
import { type Batch, Kind, type RunInfo } from '../../model/index.js';
import { ImportedLines } from './export-imported.js';
import type { Group } from './export-lines.js';
import { RecordedLines } from './export-recorded.js';

/**
 * Calls `write` with one op a line, without a line break. `batches` gives the history anew with
 * each call.
 *
 * An imported history comes out as it came in, but for keys of an entry that no checker reads. Of a
 * recorded one, what clients did and saw: a key is its number, a value a whole number that is
 * unique in its key. A poll that does not go on where the last one of its process and key ended is
 * a new process's, which is assigned the key first; final reads are such polls. An ok send without
 * an offset (acks=0) is info, as nobody promised anything. Faults are ops of `:nemesis`.
 */
export function exportEdn(
  batches: () => Iterable<Batch>,
  run: Pick<RunInfo, 'origin' | 'keys'>,
  write: (line: string) => void,
): void {
  const lines =
    run.origin === 'imported'
      ? new ImportedLines(run.keys, write)
      : new RecordedLines(firstFree(batches()), write);
  for (const batch of batches()) {
    for (let at = 0; at < batch.n;) {
      const group = groupAt(batch, at);
      lines.group(group);
      at = group.end;
    }
  }
}

function groupAt(batch: Batch, at: number): Group {
  const { n, kind, op } = batch;
  const [k, id] = [kind[at]!, op[at]!];
  let records = at + 1;
  if (k <= Kind.info) while (records < n && kind[records] === k && op[records] === id) records++;
  let end = records;
  while (end < n && kind[end] === Kind.record) end++;
  return { batch, at, records, end };
}

/** A process id above all that are there. */
function firstFree(batches: Iterable<Batch>): number {
  let top = -1;
  for (const { process } of batches) for (const one of process) if (one > top) top = one;
  return top + 1;
}
