/** Defects that can be switched on, to see what finds them. */
import type { PlantName } from './env.js';

/** One sentence each: what is wrong, and what it stands for in real systems. */
export const plants: Readonly<Record<PlantName, { help: string }>> = {
  'ack-before-replicate': {
    help: 'A leader acks acks=all after its own append: min.insync.replicas=1, or a quorum counted wrongly.',
  },
  'vote-forgotten': {
    help: 'A restarted node has forgotten whom it voted for and may vote twice in a term: a vote that was not stored.',
  },
  'stale-log-elected': {
    help: 'Voters do not compare logs, so a node that lacks committed records may lead: unclean leader election.',
  },
  'no-truncate': {
    help: 'A follower keeps what conflicts with its leader and appends behind it: log repair left out, as before KIP-101.',
  },
  'read-uncommitted-tail': {
    help: 'Fetch serves records past the high watermark: readers see what the next leader may not have.',
  },
  'watermark-regress': {
    help: 'A leader now and then answers a high watermark that is lower than one it answered before: a watermark kept in memory only.',
  },
  'no-epoch-fencing': {
    help: 'A deposed leader ignores newer terms and goes on acking: a leader that is not fenced by its epoch.',
  },
  'reorder-batch': {
    help: 'Neighbouring batches of one partition change places now and then: requests in flight handled out of order.',
  },
  'torn-tail-served': {
    help: 'Recovery does not check the last batch, so a half-written one is served: a log opened without its checksums.',
  },
  'follower-drops': {
    help: 'A follower acks now and then what it does not store: a write lost between a buffer and the disk.',
  },
};
