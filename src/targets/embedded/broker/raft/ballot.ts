/**
 * Term and vote of one replica, in a file. Both are written before they take effect: who forgets a
 * vote may vote twice in a term, and then that term has two leaders.
 */
import { SchismError } from '../../../../model/index.js';
import type { Env, Plants } from '../env.js';

export class Ballot {
  term = 0;
  /** Whom this replica voted for in this term; -1: nobody. */
  vote = -1;
  readonly #env: Env;
  readonly #path: string;
  readonly #sync: boolean;
  readonly #plants: Plants;

  /** Throws SchismError if the file holds no term. */
  constructor(env: Env, path: string, sync: boolean, plants: Plants) {
    this.#env = env;
    this.#path = path;
    this.#sync = sync;
    this.#plants = plants;
    const bytes = env.storage.read(path);
    if (bytes !== undefined) [this.term, this.vote] = parse(bytes.toString(), path);
  }

  /** Throws what the disk throws; then nothing has changed. */
  set(term: number, vote: number): void {
    if (term === this.term && vote === this.vote) return;
    // Plant vote-forgotten: the file never names whom it voted for.
    const kept = this.#plants.has('vote-forgotten') ? -1 : vote;
    const bytes = Buffer.from(JSON.stringify({ term, vote: kept }));
    this.#env.storage.replace(this.#path, bytes, this.#sync);
    this.term = term;
    this.vote = vote;
  }
}

function parse(text: string, path: string): [term: number, vote: number] {
  try {
    const { term, vote } = JSON.parse(text) as Record<string, unknown>;
    if (Number.isSafeInteger(term) && Number.isSafeInteger(vote))
      return [term as number, vote as number];
  } catch {
    // Told below, as any other text.
  }
  throw new SchismError('cluster', `Expected a term and a vote in ${path}, got \`${text}\`.`);
}
