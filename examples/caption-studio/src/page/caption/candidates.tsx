import { useRef, useState } from 'preact/hooks';
import type { CandidateScore } from '../../engine/engine';
import { percent } from '../parts/format';
import { Icon } from '../parts/icon';
import { TextHints } from '../parts/text-hints';
import { addCandidate, candidates, comparing, comparison, removeCandidate } from '../state/caption';
import { attempt } from '../state/notice';

/** The visitor's own captions beside the model's, each with its own likelihood: one that is the best of bad ones looks bad. */
export function Candidates() {
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState('');
  const { own = [], candidates: scored = [] } = comparison.value ?? {};
  // What is in both is the model's own: computed in another way, it differs in the last digits.
  const scores = new Map([...scored, ...own].map(score => [score.text, score]));
  const best = Math.max(...[...scores.values()].map(({ logProb }) => logProb));
  const add = (event: Event) => {
    event.preventDefault();
    setTyped('');
    void attempt(() => addCandidate(typed));
  };
  return (
    <section class="candidates card" aria-labelledby="candidates-heading" aria-busy={comparing.value}>
      <h2 id="candidates-heading">Which caption fits best?</h2>
      <p class="hint">
        How likely the model finds each caption as a whole; the bar is for each piece of it on average, so
        that long captions compare with short ones.
      </p>
      <ul>
        {own
          .filter(({ text }) => !candidates.value.includes(text))
          .map(score => (
            <Row key={`own ${score.text}`} text={score.text} score={score} best={best}>
              <span class="whose">{score === own[0] ? 'the model’s own' : 'runner-up'}</span>
            </Row>
          ))}
        {candidates.value.map(text => (
          <Row key={text} text={text} score={scores.get(text)} best={best}>
            {own[0]?.text === text && <span class="whose">the model says so, too</span>}
            <button
              type="button"
              class="plain"
              aria-label={`Remove “${text}”`}
              onClick={() => void attempt(() => removeCandidate(text))}
            >
              <Icon name="close" />
            </button>
          </Row>
        ))}
      </ul>
      <form onSubmit={add} class="add-row">
        <label for="candidate" class="visually-hidden">
          Another caption to compare
        </label>
        <input
          ref={field}
          id="candidate"
          value={typed}
          placeholder="Another caption, in your words"
          autocomplete="off"
          maxLength={120}
          aria-describedby="candidate-hints"
          onInput={event => setTyped(event.currentTarget.value)}
        />
        <button type="submit" class="quiet">
          <Icon name="plus" />
          Add
        </button>
      </form>
      <TextHints id="candidate-hints" text={typed} />
    </section>
  );
}

interface RowProps {
  readonly text: string;
  readonly score: CandidateScore | undefined;
  /** The highest Σ log p of all rows. */
  readonly best: number;
  readonly children: preact.ComponentChildren;
}

function Row({ text, score, best, children }: RowProps) {
  const perToken = score ? Math.exp(score.logProb / score.tokens) : 0;
  return (
    <li class={score !== undefined && score.logProb === best ? 'best' : ''}>
      <span class="candidate">{text || 'nothing at all'}</span>
      <span class="likely">{score === undefined ? '–' : percent(Math.exp(score.logProb))}</span>
      <span class="bar" aria-hidden="true">
        <span style={{ transform: `scaleX(${perToken})` }} />
      </span>
      <span class="visually-hidden">likely as a whole, {percent(perToken)} a piece</span>
      {children}
    </li>
  );
}
