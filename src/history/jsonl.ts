/** A history as JSON lines, for people and for other tools. */
import {
  type Batch,
  F,
  fName,
  keyName,
  Kind,
  kindName,
  NodeState,
  ProofCode,
  type RunInfo,
  valueName,
} from '../model/index.js';

/**
 * Calls `write` with one JSON object a row, without a line break:
 * `{"row":7,"timeNs":1203000,"kind":"ok","f":"send","process":3,"op":41,"key":"orders-0",
 * "offset":17,"value":"w3.5","node":2}`.
 *
 * `row`, `timeNs`, `kind` and `f` are always there; `process`, `op`, `key` (topic-partition, or the
 * key's number if the run does not name it), `node`, `epoch` and `text` unless they are -1 or
 * absent. What the other columns hold depends on the row, and so do their names:
 *
 * | column   | name |
 * |----------|------|
 * | `offset` | `offset`; `logStart` where a final or replica read begins; `highWatermark` in watermark and quorum probes |
 * | `value`  | `value`, printed as `w5.103`, in rows of sends and in records; `highWatermark` in polls, final and replica reads; `logStart` in watermark probes |
 * | `peer`   | `leader` in view, watermark and quorum probes; `inSync` in isr probes |
 * | `code`   | `acks` (-1: all) where a send begins; `outcome` in records; `proof` and `state` in rows of faults; `code`, unless 0, else |
 */
export function exportJsonLines(
  batches: Iterable<Batch>,
  run: Pick<RunInfo, 'keys'>,
  write: (line: string) => void,
): void {
  const keys = keyNames(run);
  for (const batch of batches)
    for (let i = 0; i < batch.n; i++) write(JSON.stringify(lineOf(batch, i, keys)));
}

export type Line = Record<string, string | number>;

export const keyNames = (run: Pick<RunInfo, 'keys'>): ReadonlyMap<number, string> =>
  new Map(run.keys.map((key) => [key.key, keyName(key)]));

/** One row, with readable names. */
export function lineOf(batch: Batch, i: number, keys: ReadonlyMap<number, string>): Line {
  const [kind, f, key] = [batch.kind[i]!, batch.f[i]!, batch.key[i]!];
  const line: Line = {
    row: batch.base + i,
    timeNs: batch.timeNs[i]!,
    kind: kindName(kind),
    f: fName(f),
  };
  const put = (name: string, value: string | number) => {
    if (value !== -1) line[name] = value;
  };
  put('process', batch.process[i]!);
  put('op', batch.op[i]!);
  put('key', keys.get(key) ?? key);
  put(offsetName(kind, f), batch.offset[i]!);
  const value = batch.value[i]!;
  if (value !== -1) {
    if (kind === Kind.record || f === F.send) put('value', valueName(value));
    else put(f === F.watermark ? 'logStart' : 'highWatermark', value);
  }
  put('node', batch.node[i]!);
  put('epoch', batch.epoch[i]!);
  put(f === F.isr ? 'inSync' : kind === Kind.probe ? 'leader' : 'peer', batch.peer[i]!);
  putCode(line, kind, f, batch.code[i]!);
  const text = batch.texts.get(i);
  if (text !== undefined) put('text', text);
  return line;
}

function offsetName(kind: number, f: number): string {
  if (kind === Kind.invoke && (f === F.final || f === F.replica)) return 'logStart';
  return f === F.watermark || f === F.quorum ? 'highWatermark' : 'offset';
}

const names = (codes: Record<string, number>) =>
  new Map(Object.entries(codes).map(([name, code]) => [code, name]));
const proofs = names(ProofCode);
const states = names(NodeState);
const proofRows = new Set<number>([F.faultProof, F.healProof, F.route]);

function putCode(line: Line, kind: number, f: number, code: number): void {
  if (kind === Kind.invoke && f === F.send) line['acks'] = code;
  else if (kind === Kind.record) line['outcome'] = kindName(code);
  else if (kind === Kind.fault && proofRows.has(f)) line['proof'] = proofs.get(code) ?? code;
  else if (kind === Kind.fault && f === F.node) line['state'] = states.get(code) ?? code;
  else if (code !== 0) line['code'] = code;
}
