/** How much of a long test is run: all of it, but where each mutant of a checker runs it again. */
const share = Number(process.env['SCHISM_SHARE'] ?? 1);

/** Runs of a property. */
export const runs = (n: number): number => Math.ceil(n * share);
/** Of a list of histories, spread over all of it. */
export const some = <T>(list: readonly T[]): T[] =>
  list.filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));
/** Whether what is counted over all of them can be asked for. */
export const whole = share === 1;
