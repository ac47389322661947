import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { droppedFiles, type GivenFile } from '../state/given-files';
import { attempt } from '../state/notice';
import { Icon } from './icon';

/** What a view does with files that are given to the page. */
export interface PageFiles {
  /** What it throws becomes the notice. */
  readonly take: (files: readonly GivenFile[]) => unknown;
  /** What dropping them will do, while they are dragged over the page. */
  readonly hint: string;
}

const dragging = signal(false);

/**
 * Gives what is dropped anywhere on the page, or pasted, to the view that is shown: short cuts, each of which a button does, too. A view
 * without `files` refuses them. Either way the browser does not open them in the page's place, where a training may be running.
 */
export function usePageFiles(files: PageFiles | undefined): void {
  const now = useRef(files);
  now.current = files;
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = now.current ? 'copy' : 'none';
      dragging.value = true;
    };
    addEventListener('dragenter', over, { signal });
    addEventListener('dragover', over, { signal });
    addEventListener('dragleave', event => event.relatedTarget || stopDragging(), { signal });
    addEventListener('drop', event => dropped(event, now.current?.take), { signal });
    addEventListener('paste', event => pasted(event, now.current?.take), { signal });
    return () => listening.abort();
  }, []);
}

/** A frame around the page while files are dragged over it, with what will become of them. */
export function DropHint({ files }: { files: PageFiles | undefined }) {
  if (!files || !dragging.value) return null;
  return (
    <div class="drop-hint" aria-hidden="true">
      <p>
        <Icon name="download" />
        {files.hint}
      </p>
    </div>
  );
}

function stopDragging(): void {
  dragging.value = false;
}

function dropped(event: DragEvent, take: PageFiles['take'] | undefined): void {
  stopDragging();
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  if (!take) return;
  const files = droppedFiles(event.dataTransfer);
  void attempt(async () => take(await files));
}

function pasted(event: ClipboardEvent, take: PageFiles['take'] | undefined): void {
  const { clipboardData: data, target } = event;
  if (!take || !data || data.files.length === 0) return;
  // Office programs put a picture of a text beside the text, which is what a field is to get.
  const isField = target instanceof HTMLInputElement;
  if (isField && data.types.includes('text/plain')) return;
  event.preventDefault();
  const files = [...data.files].map(file => ({ path: file.name || 'pasted picture', file }));
  void attempt(() => take(files));
}
