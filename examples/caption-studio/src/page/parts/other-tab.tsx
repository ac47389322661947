import { useHere } from '../state/begin';
import { phase } from '../state/engine';
import { attempt } from '../state/notice';
import { owner } from '../state/owner';
import { Icon } from './icon';

/** Says that another tab keeps the lessons and the model, and takes over from it when told. */
export function OtherTab() {
  return (
    <div role="status">
      {!owner.value && (
        <p class="other-tab">
          <Icon name="lock" />
          <span>
            Caption Studio is open in another tab, which keeps the lessons and the model. Here you can look
            and caption.
          </span>
          <button
            type="button"
            class="quiet"
            disabled={phase.value !== 'ready'}
            onClick={() => void attempt(useHere)}
          >
            Use it here
          </button>
        </p>
      )}
    </div>
  );
}
