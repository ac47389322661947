import { Icon } from '../parts/icon';
import { canPickFolder, exportArchive, exportFolder } from '../state/checkpoint';
import { phase } from '../state/engine';
import { attempt, tell } from '../state/notice';
import { running } from '../state/teach';

/** Out of the page, as the folder that the command line reads and writes; the view Model takes it in again. */
export function Checkpoints() {
  const locked = running.value || phase.value !== 'ready';
  return (
    <section class="checkpoints card" aria-labelledby="checkpoints-heading">
      <h2 id="checkpoints-heading">Take it along</h2>
      <p class="hint">
        A checkpoint is a folder of weights, tokenizer and configuration.{' '}
        <code>simvlm caption --checkpoint FOLDER</code> uses it on the command line, and the view Model opens
        it again.
      </p>
      <div class="actions">
        <button type="button" class="quiet" disabled={locked} onClick={() => void attempt(exportArchive)}>
          <Icon name="download" />
          Export as zip
        </button>
        {canPickFolder && (
          <button
            type="button"
            class="quiet"
            disabled={locked}
            onClick={() =>
              void attempt(async () => {
                const where = await exportFolder();
                if (where !== undefined) tell('Exported', `The folder is ${where}.`);
              })
            }
          >
            <Icon name="folder" />
            Export to a folder
          </button>
        )}
      </div>
    </section>
  );
}
