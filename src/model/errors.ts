/** Exit codes, Jepsen's. */
export const exitCodes = { valid: 0, invalid: 1, unknown: 2, usage: 254, crash: 255 } as const;

/**
 * An error for which the user gets one sentence and no stack. `usage`: bad arguments, or something
 * that is missing on this machine (exit 254). `cluster`: the cluster or a tool did not do what it
 * must (exit 255). `history`: a run's folder cannot be read (exit 254).
 */
export class SchismError extends Error {
  readonly code: 'usage' | 'cluster' | 'history';
  constructor(code: SchismError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SchismError';
    this.code = code;
  }
}

/** "Expected `--rate` to be a number of 0 or more, got `fast`." */
export const expected = (input: string, wanted: string, got: unknown): SchismError =>
  new SchismError('usage', `Expected ${input} to be ${wanted}, got ${show(got)}.`);

const show = (got: unknown): string =>
  got === undefined ? 'nothing' : typeof got === 'string' ? `\`${got}\`` : JSON.stringify(got);

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
