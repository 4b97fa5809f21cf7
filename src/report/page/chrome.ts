/** What the page answers to besides the timeline: theme, copying, where the reader is. */
import { all, must, one } from './dom.js';
import { sec } from './format.js';
import { faultsAt } from './run.js';
import type { Run } from './run.js';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

/** Returns a function that sets the theme again, as after printing. */
export function themeable(repaint: () => void): () => void {
  let theme: Theme = 'auto';
  try {
    const stored = localStorage.getItem('schism-theme');
    theme = themes.find((name) => name === stored) ?? 'auto';
  } catch {
    /* a page opened from disk may have no storage */
  }
  const button = one('button.theme');
  const set = (next: Theme): void => {
    theme = next;
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    if (button) button.textContent = `Theme: ${theme}`;
    try {
      localStorage.setItem('schism-theme', theme);
    } catch {
      /* as above */
    }
    repaint();
  };
  button?.addEventListener('click', () => set(themes[(themes.indexOf(theme) + 1) % 3]!));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
  return () => set(theme);
}

export function copied(button: HTMLElement, text: string): void {
  const was = button.textContent;
  void copyText(text).then((done) => {
    button.textContent = done ? 'Copied' : 'Not copied';
    setTimeout(() => {
      button.textContent = was;
    }, 1400);
  });
}
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without permission, or from disk: the old way, through a selection.
    const box = document.createElement('textarea');
    box.value = text;
    box.className = 'sr';
    document.body.append(box);
    box.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else works from disk
    const done = document.execCommand('copy');
    box.remove();
    return done;
  }
}

/** Marks the section that is being read in the bar. */
export function spied(): void {
  const links = all('.bar nav a');
  const spy = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const link = links.find((a) => a.getAttribute('href') === `#${entry.target.id}`);
        if (!link) continue;
        if (entry.isIntersecting) {
          for (const other of links) other.removeAttribute('aria-current');
          link.setAttribute('aria-current', 'true');
        } else link.removeAttribute('aria-current');
      }
    },
    { rootMargin: '-60px 0px -75% 0px' },
  );
  for (const section of all('section.part[id]')) spy.observe(section);
}

/** One hair line through all the measures, with its time; each picture spans the whole run. */
export function hairlined(run: Run): void {
  const plots = one('.plots');
  const host = one('[data-plot]');
  if (!plots || !host) return;
  const hair = document.createElement('div');
  hair.className = 'hairline';
  hair.hidden = true;
  hair.append(document.createElement('span'));
  plots.append(hair);
  plots.addEventListener('pointermove', (e) => {
    const axis = host.getBoundingClientRect();
    const k = (e.clientX - axis.left) / axis.width;
    hair.hidden = k < 0 || k > 1;
    if (hair.hidden) return;
    const { begin, end } = run.data;
    const t = begin + k * (end - begin);
    const active = faultsAt(run, t).map((fault) => `, fault ${fault.id}`);
    hair.style.left = `${e.clientX - plots.getBoundingClientRect().left}px`;
    must('span', hair).textContent = sec(t) + active.join('');
  });
  plots.addEventListener('pointerleave', () => {
    hair.hidden = true;
  });
}
