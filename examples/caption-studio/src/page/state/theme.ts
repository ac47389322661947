import { effect, signal } from '@preact/signals';

const key = 'caption-studio-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** What the visitor chose; until then the system decides. */
const chosen = signal<'light' | 'dark' | undefined>(remembered());
const systemDark = signal(system.matches);
system.addEventListener('change', event => {
  systemDark.value = event.matches;
});

export function isDark(): boolean {
  return chosen.value === undefined ? systemDark.value : chosen.value === 'dark';
}

export function setDark(dark: boolean): void {
  chosen.value = dark ? 'dark' : 'light';
  try {
    localStorage.setItem(key, chosen.value);
  } catch {
    // Storage may be forbidden; the choice then holds for this visit.
  }
}

effect(() => {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
});

function remembered(): 'light' | 'dark' | undefined {
  try {
    const value = localStorage.getItem(key);
    return value === 'light' || value === 'dark' ? value : undefined;
  } catch {
    return undefined;
  }
}
