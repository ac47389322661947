import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';

export interface Tab {
  readonly id: string;
  readonly label: string;
  readonly View: ComponentType;
}

export const current = signal(location.hash.slice(1));
addEventListener('hashchange', () => {
  current.value = location.hash.slice(1);
});

/** The tabs of the WAI-ARIA practices: arrow keys, Home and End move along the row, and what has the focus is shown. */
export function TabList({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  const selected = selectedOf(tabs);
  const move = (event: KeyboardEvent) => {
    const at = tabs.indexOf(selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = tabs[(to + tabs.length) % tabs.length]!;
    choose(next.id);
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(tab => (
        <button
          key={tab.id}
          type="button"
          id={`tab-${tab.id}`}
          role="tab"
          aria-selected={tab === selected}
          aria-controls={`panel-${tab.id}`}
          tabIndex={tab === selected ? 0 : -1}
          onClick={() => choose(tab.id)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}

/** All panels stay in the document, so that what runs in one goes on while another is shown. */
export function TabPanels({ tabs }: { tabs: readonly Tab[] }) {
  const selected = selectedOf(tabs);
  return (
    <>
      {tabs.map(tab => (
        <div
          key={tab.id}
          id={`panel-${tab.id}`}
          role="tabpanel"
          aria-labelledby={`tab-${tab.id}`}
          hidden={tab !== selected}
        >
          <tab.View />
        </div>
      ))}
    </>
  );
}

export function choose(id: string): void {
  current.value = id;
  history.replaceState(null, '', `#${id}`);
}

export function selectedOf<T extends Tab>(tabs: readonly T[]): T {
  return tabs.find(({ id }) => id === current.value) ?? tabs[0]!;
}
