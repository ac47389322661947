import type { ComponentChildren } from 'preact';

/** A row of a `<dl class="facts-list">`. */
export function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
