/** Whether every tag of a page is closed in its order. Script, style and void elements are known. */
const voids = new Set(['meta', 'link', 'br', 'input', 'img', 'hr']);
const rawText = /<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g;

/** What is wrong first, or undefined. */
export function misnested(page: string): string | undefined {
  const open: string[] = [];
  const text = page.replace(rawText, '').replace(/<!doctype html>/i, '');
  for (const [tag, close, name = '', attributes = ''] of text.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>|<[^a-zA-Z/]|<\/[^a-zA-Z]/g,
  )) {
    if (!name) return `a bare < in ${text.slice(Math.max(0, text.indexOf(tag) - 40)).slice(0, 80)}`;
    if (voids.has(name) || tag.endsWith('/>')) continue;
    if (!close) open.push(name);
    else if (open.pop() !== name) return `</${name}> after ${open.join(' > ')} ${attributes}`;
  }
  const left = text.replace(/<\/?[a-zA-Z][\w-]*(?:\s+[\w:-]+(?:="[^"]*")?)*\s*\/?>/g, '');
  if (left.includes('<'))
    return `a tag that is none: ${left.slice(left.indexOf('<')).slice(0, 60)}`;
  return open.length > 0 ? `${open.join(' > ')} left open` : undefined;
}
