/** Typed arrays that grow by doubling, because a history's length is known only at its end. */
type Column = Float64Array | Int32Array | Int16Array | Uint8Array;

/** A copy with room for at least `need` entries; new ones hold `fill`. */
export function grown<T extends Column>(column: T, need: number, fill = -1): T {
  const size = Math.max(need, column.length * 2, 256);
  const bigger = new (column.constructor as new (size: number) => T)(size);
  bigger.set(column);
  bigger.fill(fill, column.length);
  return bigger;
}

/** The first index whose entry is at least `wanted`, of the first `n`, which ascend. */
export function lowerBound(column: ArrayLike<number>, n: number, wanted: number): number {
  let from = 0;
  let to = n;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (column[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return from;
}
