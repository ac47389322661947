import { useRef } from 'preact/hooks';
import { FileButton } from '../parts/file-button';
import { Icon } from '../parts/icon';
import { model, phase } from '../state/engine';
import { attempt } from '../state/notice';
import { giveBack, loading, offerAddress, offerArchive, offerChosen, opening } from '../state/offer';
import { running } from '../state/teach';

/** Another model, by its address or by its files. What it is and takes is shown before it is loaded. */
export function OpenModel() {
  const field = useRef<HTMLInputElement>(null);
  const locked = running.value || phase.value !== 'ready' || opening.value || loading.value !== undefined;
  const open = (event: Event) => {
    event.preventDefault();
    void attempt(() => offerAddress(field.current!.value));
  };
  return (
    <section class="card" aria-labelledby="open-heading" aria-busy={opening.value}>
      <h2 id="open-heading">Use another model</h2>
      <p class="hint">
        A checkpoint folder: one that this page or <code>simvlm export</code> wrote, or one that{' '}
        <code>simvlm import</code> made of a pretrained captioner. Known to work are SimVLM, GIT, BLIP and
        ViT-GPT2. You see its size, memory and licence before anything is loaded.
      </p>
      <form onSubmit={open} class="add-row">
        <label for="address" class="visually-hidden">
          Address of a checkpoint folder
        </label>
        <input
          ref={field}
          id="address"
          type="text"
          inputMode="url"
          placeholder="https://example.org/my-checkpoint/"
          autocomplete="off"
          spellcheck={false}
          required
          disabled={locked}
        />
        <button type="submit" class="quiet" disabled={locked}>
          <Icon name="download" />
          Look at it
        </button>
      </form>
      <div class="actions">
        <FileButton
          label="Open a zip"
          icon="upload"
          accept=".zip,application/zip"
          secondary
          disabled={locked}
          onFiles={([file]) => void attempt(() => offerArchive(file!))}
        />
        <FileButton
          label="Open a folder"
          icon="folder"
          folder
          secondary
          disabled={locked}
          onFiles={files => void attempt(() => offerChosen(files))}
        />
        {model.value?.borrowed && (
          <button type="button" class="quiet" disabled={locked} onClick={() => void giveBack()}>
            <Icon name="reset" />
            Back to the model before
          </button>
        )}
      </div>
      {opening.value && <p class="hint">Opening it…</p>}
    </section>
  );
}
