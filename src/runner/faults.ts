/** Carries out a schedule: each fault is ordered, proven, healed, proven gone; all of it recorded. */
import {
  F,
  Kind,
  messageOf,
  ProofCode,
  type Applied,
  type Cluster,
  type Fault,
  type FaultStatus,
  type FaultText,
  type Healed,
  type Nemesis,
  type Proof,
  type Recorder,
  type RunEvents,
  type Scene,
  type Schedule,
  type Topology,
} from '../model/index.js';
import { keyStates } from './probes.js';
import { delay, limitOf, within } from './wait.js';

/** A heal that takes longer is given up; the fault then counts as never healed. */
const healMs = 90_000;
/** How long a process may take after a restart to be seen using its links. */
const routeMs = 15_000;
/** How long one that dials nobody is asked again: with few replicas a leader has nobody to dial. */
const dialMs = 5000;
/** A fault that came late is not healed earlier: it must be there to be seen. */
const leastMs = 2000;

interface Parts {
  cluster: Cluster;
  topology: Topology;
  nemeses: ReadonlyMap<string, Nemesis>;
  recorder: Recorder;
  events: RunEvents;
}

interface Entry {
  fault: Fault;
  status: FaultStatus;
  applied?: Applied;
  text?: FaultText;
  healing?: Promise<void>;
}

export class FaultRunner {
  private readonly parts: Parts;
  private readonly entries: Entry[];
  private readonly scene: Scene;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(parts: Parts, schedule: Schedule) {
    this.parts = parts;
    this.scene = makeScene(parts, (id) => this.entries.find((one) => one.fault.id === id)?.text);
    this.entries = schedule.faults.map((fault) => ({
      fault,
      status: {
        id: fault.id,
        title: fault.nemesis,
        what: '',
        plannedNs: fault.atMs * 1e6,
        startNs: -1,
        endNs: -1,
        inForce: undefined,
        gone: undefined,
      },
    }));
  }

  get statuses(): readonly FaultStatus[] {
    return this.entries.map((entry) => entry.status);
  }

  /** Resolves when every fault has been healed, or `stop` was aborted and those in force healed. */
  async run(stop: AbortSignal): Promise<void> {
    await Promise.all(this.entries.map((entry) => this.one(entry, stop)));
  }

  /** Waits for the proofs that are still looked for; false if some are not there in time. */
  async settle(ms: number): Promise<boolean> {
    return (
      (await within(
        ms,
        Promise.all(this.pending).then(() => true),
      )) ?? false
    );
  }

  private async one(entry: Entry, stop: AbortSignal): Promise<void> {
    const { recorder } = this.parts;
    await delay((entry.status.plannedNs - recorder.now()) / 1e6, stop);
    if (stop.aborted) return;
    const begun = recorder.now();
    if (!(await this.apply(entry))) return;
    const applied = recorder.now();
    const { durationMs } = entry.fault;
    await delay(durationMs - (applied - begun) / 1e6, stop);
    // Waiting for a target, or the end of the load, may have left it no time to be seen.
    const restMs = Math.min(leastMs, durationMs) - (recorder.now() - applied) / 1e6;
    if (entry.applied && restMs > 0) await within(restMs, entry.applied.proof);
    await this.heal(entry);
  }

  private async apply(entry: Entry): Promise<boolean> {
    const { fault, status } = entry;
    const { recorder, events, nemeses } = this.parts;
    try {
      const nemesis = nemeses.get(fault.nemesis);
      if (!nemesis) throw new Error(`Expected a nemesis, got ${fault.nemesis}.`);
      const text = await nemesis.resolve(fault, this.scene);
      entry.text = text;
      fault.resolved = text.resolved;
      status.title = text.title;
      status.what = text.what;
      status.startNs = recorder.now();
      this.row(fault, F.faultStart, JSON.stringify(text));
      entry.applied = await nemesis.apply(fault, text, this.scene);
    } catch (error) {
      this.row(fault, F.faultRefused, messageOf(error));
      status.inForce = false;
      this.say(`fault ${fault.id}  ${fault.nemesis} could not be applied: ${messageOf(error)}`);
      return false;
    }
    this.row(fault, F.faultApplied);
    this.say(`fault ${fault.id}  ${status.title} ${status.what} applied`);
    this.follow(entry.applied.proof, (proof) => {
      this.row(fault, F.faultProof, proof.by, proof);
      status.inForce =
        proof.state === 'unproven' ? false : proof.state === 'proven' ? true : undefined;
      const words = {
        proven: 'seen in force',
        unproven: 'NOT SEEN IN FORCE',
        moot: 'could not be checked',
      };
      events.line('fault', `fault ${fault.id}  ${words[proof.state]}: ${proof.by}`, proof.timeNs);
    });
    return true;
  }

  private heal(entry: Entry): Promise<void> {
    entry.healing ??= this.healNow(entry);
    return entry.healing;
  }

  private async healNow(entry: Entry): Promise<void> {
    const { fault, status, applied } = entry;
    const { events, recorder } = this.parts;
    if (!applied) return;
    this.row(fault, F.healStart);
    let healed: Healed | undefined;
    try {
      healed = await within(healMs, applied.heal());
      if (!healed)
        throw new Error(`Expected the heal to end within ${healMs / 1000} s, got nothing.`);
    } catch (error) {
      status.gone = false;
      const by = `healing failed: ${messageOf(error)}`;
      this.row(fault, F.healProof, by, { state: 'unproven', timeNs: recorder.now(), by });
      this.say(`fault ${fault.id}  ${by}`);
      return;
    }
    status.endNs = recorder.now();
    this.row(fault, F.healed);
    this.say(`fault ${fault.id}  ${status.title} ${status.what} healed`);
    this.follow(healed.proof, (proof) => {
      this.row(fault, F.healProof, proof.by, proof);
      status.gone =
        proof.state === 'unproven' ? false : proof.state === 'proven' ? true : undefined;
      const words = {
        proven: 'seen gone',
        unproven: 'NOT SEEN GONE',
        moot: 'end could not be checked',
      };
      events.line('fault', `fault ${fault.id}  ${words[proof.state]}: ${proof.by}`, proof.timeNs);
      if (entry.text?.kind === 'kill' || entry.text?.kind === 'restart') this.track(this.routes());
    });
  }

  /** Looks whether nodes use their links: before the first fault, and after every restart. */
  async routes(): Promise<void> {
    const { cluster, recorder, events } = this.parts;
    if (!cluster.routes) return;
    const begun = recorder.now();
    for (;;) {
      const found = await cluster.routes();
      // A node that dials straight stays unproven; one that has not dialled yet is asked again.
      const waited = (recorder.now() - begun) / 1e6;
      const done = found.every(
        ({ proof: { state } }) =>
          state === 'proven' || waited > (state === 'moot' ? dialMs : routeMs),
      );
      if (!done) {
        await delay(500);
        continue;
      }
      for (const { node, proof } of found) {
        const { timeNs, by } = proof;
        recorder.append([
          { kind: Kind.fault, f: F.route, timeNs, node, code: ProofCode[proof.state], text: by },
        ]);
        if (proof.state === 'unproven') events.line('note', by);
      }
      return;
    }
  }

  private say(text: string): void {
    this.parts.events.line('fault', text, this.parts.recorder.now());
  }

  private follow(proof: Promise<Proof>, then: (proof: Proof) => void): void {
    this.track(proof.then(then));
  }

  private track(promise: Promise<unknown>): void {
    const tracked: Promise<unknown> = promise
      .catch((error: unknown) => this.parts.events.line('note', messageOf(error)))
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  private row(fault: Fault, f: number, text?: string, proof?: Proof): void {
    const { recorder } = this.parts;
    recorder.append([
      {
        kind: Kind.fault,
        f,
        op: fault.id,
        timeNs: recorder.now(),
        code: proof ? ProofCode[proof.state] : 0,
        text,
      },
    ]);
  }
}

function makeScene({ cluster, topology, recorder }: Parts, earlier: Scene['earlier']): Scene {
  const views = () => cluster.views(limitOf(1000));
  return {
    cluster,
    topology,
    earlier,
    now: () => recorder.now(),
    leaders: async () => keyStates(await views(), topology.keys),
    controller: async () => {
      const answers = (await views()).flatMap((view) => (view.quorum ? [view.quorum] : []));
      return answers.sort((a, b) => b.epoch - a.epoch)[0]?.leader ?? -1;
    },
    flap: (fault, on) =>
      recorder.append([
        {
          kind: Kind.fault,
          f: on ? F.faultOn : F.faultOff,
          op: fault.id,
          timeNs: recorder.now(),
        },
      ]),
  };
}
