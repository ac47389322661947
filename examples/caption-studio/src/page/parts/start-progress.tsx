import { begin } from '../state/begin';
import { phase, progress } from '../state/engine';
import { megabytes } from './format';

const stages = {
  backend: 'Looking for the fastest way to compute',
  weights: 'Loading the model',
  compile: 'Warming up',
};

/** How far the start has come; nothing once the engine is ready. */
export function StartProgress() {
  if (phase.value === 'ready') return null;
  if (phase.value === 'failed') {
    return (
      <p class="start">
        The model could not be loaded.{' '}
        <button type="button" onClick={() => void begin()}>
          Try again
        </button>
      </p>
    );
  }
  const { stage, loaded, total: told } = progress.value ?? { stage: 'backend', loaded: 0, total: 0 };
  const total = told || import.meta.env.WEIGHTS_BYTES;
  const known = stage === 'weights';
  return (
    <div class="start">
      <label for="start-progress">
        {stages[stage]}
        {known && ` · ${megabytes(loaded)} of ${megabytes(total)}`}
      </label>
      <progress id="start-progress" {...(known ? { value: loaded, max: total } : {})} />
    </div>
  );
}
