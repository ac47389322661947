import { useRef } from 'preact/hooks';
import { percent } from '../parts/format';
import { Icon } from '../parts/icon';
import { addCandidate, candidates, comparing, removeCandidate, scores } from '../state/caption';
import { attempt } from '../state/notice';

/** The visitor's own captions, and how the model divides one certainty among them: a choice without any training. */
export function Candidates() {
  const field = useRef<HTMLInputElement>(null);
  const shares = new Map(scores.value.map(({ text, share }) => [text, share]));
  const best = Math.max(...shares.values());
  const add = (event: Event) => {
    event.preventDefault();
    const candidate = field.current!.value;
    field.current!.value = '';
    void attempt(() => addCandidate(candidate));
  };
  return (
    <section class="candidates card" aria-labelledby="candidates-heading" aria-busy={comparing.value}>
      <h2 id="candidates-heading">Which caption fits best?</h2>
      <ul>
        {candidates.value.map(text => {
          const share = shares.get(text);
          return (
            <li key={text} class={share !== undefined && share === best ? 'best' : ''}>
              <span class="candidate">{text}</span>
              <span class="share">{share === undefined ? '–' : percent(share)}</span>
              <span class="bar" aria-hidden="true">
                <span style={{ transform: `scaleX(${share ?? 0})` }} />
              </span>
              <button
                type="button"
                class="plain"
                aria-label={`Remove “${text}”`}
                onClick={() => void attempt(() => removeCandidate(text))}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ul>
      <form onSubmit={add} class="add-row">
        <label for="candidate" class="visually-hidden">
          Another caption to compare
        </label>
        <input
          ref={field}
          id="candidate"
          placeholder="Another caption, in your words"
          autocomplete="off"
          maxLength={120}
        />
        <button type="submit" class="quiet">
          <Icon name="plus" />
          Add
        </button>
      </form>
    </section>
  );
}
