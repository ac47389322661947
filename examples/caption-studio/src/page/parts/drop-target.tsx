import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** A region that takes files that are dropped on it; everything that it does can be done with a button inside, too. */
export function DropTarget(props: {
  class: string;
  onFiles: (files: File[]) => unknown;
  children: ComponentChildren;
}) {
  const [over, setOver] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short cut, and needs no role
    <div
      class={`${props.class} ${over ? 'over' : ''}`}
      onDragOver={event => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={event => {
        event.preventDefault();
        setOver(false);
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length > 0) props.onFiles(files);
      }}
    >
      {props.children}
    </div>
  );
}
