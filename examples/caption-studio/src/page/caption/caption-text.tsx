import type { CaptionWord } from '../../engine/engine';
import { milliseconds, percent } from '../parts/format';
import { Icon } from '../parts/icon';
import { caption, captioning, lookedAt, text } from '../state/caption';

/** The caption: it streams in, then its words can be pointed at, focused or tapped. */
export function CaptionText() {
  const done = caption.value;
  return (
    <section class="label" aria-labelledby="caption-heading">
      <h2 id="caption-heading" class="eyebrow">
        {captioning.value ? 'Looking …' : 'The model says'}
      </h2>
      {done && done.words.length > 0 ? (
        <Words words={done.words} />
      ) : (
        <p class={`said ${captioning.value ? 'streaming' : ''}`}>
          {text.value || (done ? 'nothing at all' : '…')}
        </p>
      )}
      {/* Read out once, when it is whole: every piece of the stream would be noise. */}
      <p class="visually-hidden" role="status" aria-live="polite">
        {done && !captioning.value ? `Caption: ${done.text}` : ''}
      </p>
      {done && <Facts />}
    </section>
  );
}

function Words({ words }: { words: readonly CaptionWord[] }) {
  return (
    <p class="said" onMouseLeave={() => (lookedAt.value = undefined)}>
      {words.map((word, i) => (
        <button
          key={i}
          type="button"
          class="word"
          aria-label={`${word.text}, probability ${percent(Math.exp(word.logProb))}`}
          aria-pressed={lookedAt.value === i}
          style={{ '--sure': Math.exp(word.logProb).toFixed(3) }}
          onMouseEnter={() => (lookedAt.value = i)}
          onFocus={() => (lookedAt.value = i)}
          onBlur={() => (lookedAt.value = undefined)}
          onClick={() => (lookedAt.value = i)}
        >
          {word.text}
        </button>
      ))}
    </p>
  );
}

function Facts() {
  const done = caption.value!;
  const word = lookedAt.value === undefined ? undefined : done.words[lookedAt.value];
  return (
    <p class="facts">
      {word ? (
        <>
          <Icon name="eye" /> “{word.text}” <b>{percent(Math.exp(word.logProb))}</b> likely; the light is
          where the model looked
        </>
      ) : (
        <>
          <b>{percent(Math.exp(done.logProb))}</b> likely as a whole, in {milliseconds(done.milliseconds)}.
          Point at a word to see where the model looked.
        </>
      )}
    </p>
  );
}
