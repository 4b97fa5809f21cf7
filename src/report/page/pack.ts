/**
 * Columns of whole numbers as text: differences, zigzag, seven bits a byte, base64. A column of
 * op ids or times takes one to three bytes a row, so 100,000 ops stay near two megabytes, and the
 * page needs nothing but `atob` to read them.
 */
export function pack(column: ArrayLike<number>): string {
  let bytes = new Uint8Array(column.length * 3 + 16);
  let n = 0;
  let last = 0;
  for (let i = 0; i < column.length; i++) {
    const d = column[i]! - last;
    last = column[i]!;
    let u = d >= 0 ? d * 2 : -d * 2 - 1;
    if (n + 9 > bytes.length) {
      const grown = new Uint8Array(bytes.length * 2);
      grown.set(bytes);
      bytes = grown;
    }
    // Values reach 2^53, so no bit operators.
    while (u >= 128) {
      bytes[n++] = (u % 128) + 128;
      u = Math.floor(u / 128);
    }
    bytes[n++] = u;
  }
  let text = '';
  for (let i = 0; i < n; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, Math.min(n, i + 8192)));
  return btoa(text);
}

export function unpack(text: string, n: number): Float64Array {
  const bytes = atob(text);
  const column = new Float64Array(n);
  let at = 0;
  let last = 0;
  for (let i = 0; i < n; i++) {
    let u = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = bytes.charCodeAt(at++);
      u += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128);
    last += u % 2 === 0 ? u / 2 : -(u + 1) / 2;
    column[i] = last;
  }
  return column;
}
