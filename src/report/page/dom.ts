/** Shorthands for the document. */
export const one = (selector: string, within: ParentNode = document): HTMLElement | null =>
  within.querySelector<HTMLElement>(selector);
export const all = (selector: string, within: ParentNode = document): HTMLElement[] => [
  ...within.querySelectorAll<HTMLElement>(selector),
];
/** What our own markup always has. */
export function must(selector: string, within: ParentNode = document): HTMLElement {
  const found = one(selector, within);
  if (!found) throw new Error(`Expected the page to have ${selector}.`);
  return found;
}
export function mustBe<E extends HTMLElement>(type: new () => E, selector: string): E {
  const found = must(selector);
  if (!(found instanceof type)) throw new Error(`Expected ${selector} to be a ${type.name}.`);
  return found;
}

/** Fits a canvas to its place and the screen's pixels; returns its context and width in CSS px. */
export function fitCanvas(
  canvas: HTMLCanvasElement,
  height: number,
  width?: number,
): [CanvasRenderingContext2D, number] {
  const w = width ?? Math.max(200, Math.floor(canvas.getBoundingClientRect().width));
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [pw, ph] = [Math.round(w * ratio), Math.round(height * ratio)];
  if (canvas.width !== pw || canvas.height !== ph) {
    canvas.width = pw;
    canvas.height = ph;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [context, w];
}
