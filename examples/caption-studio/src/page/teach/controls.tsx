import type { TeachSettings } from '../../engine/engine';
import { Icon } from '../parts/icon';
import { model, phase } from '../state/engine';
import { learned, lessons } from '../state/lessons';
import { attempt } from '../state/notice';
import { owner } from '../state/owner';
import {
  canTrain,
  locked,
  pause,
  resumable,
  settings,
  status,
  teach,
  undo,
  useBundled,
} from '../state/teach';
import { defaults } from '../state/teach-defaults';

export function Controls() {
  const { state } = status.value;
  const ready = phase.value === 'ready' && canTrain.value;
  return (
    <>
      <div class="actions">
        <div class="train-bar">
          {state === 'running' ? (
            <button type="button" onClick={() => void attempt(pause)}>
              <Icon name="pause" />
              Pause
            </button>
          ) : (
            <button
              type="button"
              disabled={!ready}
              aria-describedby="why-not"
              onClick={() => void attempt(teach)}
            >
              <Icon name="play" />
              {resumable.value ? 'Resume' : 'Train'}
            </button>
          )}
        </div>
        <WaysBack />
      </div>
      <p id="why-not" class="hint">
        {whyNot()}
      </p>
      <Settings disabled={locked.value} />
    </>
  );
}

/** From whatever the model has become: to the one before, and to the one that the page came with. */
function WaysBack() {
  const now = model.value;
  const busy = locked.value || phase.value !== 'ready';
  if (!now) return null;
  return (
    <>
      {now.back !== undefined && (
        <button type="button" class="quiet" disabled={busy} onClick={() => void attempt(undo)}>
          <Icon name="undo" />
          {status.value.state === 'idle' ? `Back to ${nameOf(now.back)}` : 'Undo this training'}
        </button>
      )}
      {now.name !== 'shipped' && now.back !== 'shipped' && (
        <button type="button" class="quiet" disabled={busy} onClick={() => void attempt(useBundled)}>
          <Icon name="reset" />
          Back to the bundled model
        </button>
      )}
    </>
  );
}

function nameOf(model: string): string {
  if (model === 'shipped') return 'the bundled model';
  return model === 'taught' ? 'the taught model' : `“${model}”`;
}

function whyNot(): string {
  if (phase.value !== 'ready') return 'The model is still being loaded.';
  if (!owner.value) return 'Another tab keeps the lessons.';
  if (lessons.value.length === 0) return 'Add a picture and its caption first.';
  if (learned.value.length === 0)
    return 'All pictures are held out: at least one must be there to learn from.';
  if (lessons.value.some(({ caption }) => caption.trim() === '')) return 'A picture has no caption yet.';
  return '';
}

/** What may be changed of a training, with the range that makes sense. */
const fields: readonly {
  name: keyof TeachSettings;
  label: string;
  min: number;
  max: number;
  step: number | 'any';
}[] = [
  { name: 'steps', label: 'Steps', min: 1, max: 10_000, step: 1 },
  { name: 'batchSize', label: 'Pictures a step', min: 1, max: 64, step: 1 },
  { name: 'learningRate', label: 'Learning rate', min: 0.000001, max: 0.01, step: 'any' },
  { name: 'seed', label: 'Seed', min: 0, max: 2 ** 31 - 1, step: 1 },
];

function Settings({ disabled }: { disabled: boolean }) {
  return (
    <details class="settings">
      <summary>Settings</summary>
      <fieldset disabled={disabled}>
        <legend class="visually-hidden">Settings of the training</legend>
        {fields.map(({ name, label, min, max, step }) => (
          <label key={name}>
            {label}
            <input
              type="number"
              value={settings.value[name]}
              min={min}
              max={max}
              step={step}
              required
              onChange={event => {
                const input = event.currentTarget;
                // What is not allowed goes back to the default, visibly.
                if (!input.validity.valid) input.value = String(defaults[name]);
                settings.value = { ...settings.value, [name]: input.valueAsNumber };
              }}
            />
          </label>
        ))}
      </fieldset>
      <p class="hint">
        With other settings than a paused training has, a new one begins; more steps prolong it.
      </p>
    </details>
  );
}
