import { join } from 'node:path';
import t from 'tap';
import { createRecorder, exportJsonLines, readHistory } from '../../src/history/index.js';
import { F, foreignValue, Kind, makeValue, NodeState, ProofCode } from '../../src/model/index.js';

const keys = [
  { key: 0, topic: 'orders', partition: 0, topicId: 'a' },
  { key: 1, topic: 'orders', partition: 1, topicId: 'a' },
];
const value = makeValue(5, 103);

t.test('JSON lines have readable names', async (t) => {
  const file = join(t.testdir(), 'history.arrow');
  const recorder = createRecorder(file);
  const [send, poll] = [
    { f: F.send, op: 7, process: 15, key: 1, value },
    { f: F.poll, op: 8, process: 2, key: 0 },
  ];
  recorder.append([{ kind: Kind.meta, f: F.phase, timeNs: 0, text: 'load' }]);
  recorder.append([{ kind: Kind.invoke, timeNs: 10, ...send, code: -1 }]);
  recorder.append([{ kind: Kind.info, timeNs: 20, ...send, node: 2, code: 7, text: 'timed-out' }]);
  recorder.flush();
  recorder.append([{ kind: Kind.invoke, timeNs: 30, ...poll, offset: 0 }]);
  recorder.complete(
    { kind: Kind.ok, timeNs: 40, ...poll, offset: 2, value: 9, node: 1 },
    {
      n: 2,
      offsets: Float64Array.of(0, 1),
      values: Float64Array.of(value, foreignValue),
      epochs: Int32Array.of(3, 4),
      foreign: new Map([[1, 'hello "x"']]),
    },
  );
  const probe = { kind: Kind.probe, timeNs: 50, op: 1, key: 0, node: 1, epoch: 4 };
  recorder.append([
    { ...probe, f: F.view, peer: 3 },
    { ...probe, f: F.watermark, offset: 9, value: 0, peer: 1 },
    { ...probe, f: F.isr, peer: 2 },
    { ...probe, f: F.quorum, key: -1, offset: 55, peer: 3 },
  ]);
  recorder.append([
    { kind: Kind.fault, f: F.faultProof, timeNs: 60, op: 1, code: ProofCode.moot, text: 'dead' },
    { kind: Kind.fault, f: F.node, timeNs: 61, node: 3, epoch: 2, code: NodeState.down },
  ]);
  recorder.append([
    { kind: Kind.invoke, f: F.replica, timeNs: 70, op: 9, key: 5, offset: 0, value: 9, node: 3 },
    {
      kind: Kind.fail,
      f: F.replica,
      timeNs: 80,
      op: 9,
      key: 5,
      offset: 4,
      value: 9,
      node: 3,
      code: 7,
    },
  ]);
  await recorder.close();
  const lines: string[] = [];
  exportJsonLines(readHistory(file).batches(), { keys }, (line) => lines.push(line));
  t.strictSame(lines, [
    '{"row":0,"timeNs":0,"kind":"meta","f":"phase","text":"load"}',
    '{"row":1,"timeNs":10,"kind":"invoke","f":"send","process":15,"op":7,"key":"orders-1","value":"w5.103","acks":-1}',
    '{"row":2,"timeNs":20,"kind":"info","f":"send","process":15,"op":7,"key":"orders-1","value":"w5.103","node":2,"code":7,"text":"timed-out"}',
    '{"row":3,"timeNs":30,"kind":"invoke","f":"poll","process":2,"op":8,"key":"orders-0","offset":0}',
    '{"row":4,"timeNs":40,"kind":"ok","f":"poll","process":2,"op":8,"key":"orders-0","offset":2,"highWatermark":9,"node":1}',
    '{"row":5,"timeNs":40,"kind":"record","f":"poll","process":2,"op":8,"key":"orders-0","offset":0,"value":"w5.103","node":1,"epoch":3,"outcome":"ok"}',
    '{"row":6,"timeNs":40,"kind":"record","f":"poll","process":2,"op":8,"key":"orders-0","offset":1,"value":"a foreign record","node":1,"epoch":4,"outcome":"ok","text":"hello \\"x\\""}',
    '{"row":7,"timeNs":50,"kind":"probe","f":"view","op":1,"key":"orders-0","node":1,"epoch":4,"leader":3}',
    '{"row":8,"timeNs":50,"kind":"probe","f":"watermark","op":1,"key":"orders-0","highWatermark":9,"logStart":0,"node":1,"epoch":4,"leader":1}',
    '{"row":9,"timeNs":50,"kind":"probe","f":"isr","op":1,"key":"orders-0","node":1,"epoch":4,"inSync":2}',
    '{"row":10,"timeNs":50,"kind":"probe","f":"quorum","op":1,"highWatermark":55,"node":1,"epoch":4,"leader":3}',
    '{"row":11,"timeNs":60,"kind":"fault","f":"faultProof","op":1,"proof":"moot","text":"dead"}',
    '{"row":12,"timeNs":61,"kind":"fault","f":"node","node":3,"epoch":2,"state":"down"}',
    '{"row":13,"timeNs":70,"kind":"invoke","f":"replica","op":9,"key":5,"logStart":0,"highWatermark":9,"node":3}',
    '{"row":14,"timeNs":80,"kind":"fail","f":"replica","op":9,"key":5,"offset":4,"highWatermark":9,"node":3,"code":7}',
  ]);
});
