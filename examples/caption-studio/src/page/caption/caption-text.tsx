import type { CaptionWord } from '../../engine/engine';
import { milliseconds, percent } from '../parts/format';
import { Icon } from '../parts/icon';
import { choose } from '../parts/tabs';
import { caption, captioning, lookedAt, picture, text } from '../state/caption';
import { addLesson } from '../state/lessons';
import { attempt } from '../state/notice';
import { copyCaption, saveCard } from '../state/share';
import { locked } from '../state/teach';

/** The caption: it streams in, then its words can be pointed at, focused or tapped. */
export function CaptionText() {
  const done = caption.value;
  return (
    <section class="label" aria-labelledby="caption-heading">
      <h2 id="caption-heading" class="eyebrow">
        {captioning.value ? 'Looking …' : done?.unsure ? 'The model guesses' : 'The model says'}
      </h2>
      {done?.unsure && !captioning.value && <TeachMe />}
      {done && done.words.length > 0 ? (
        <Words words={done.words} />
      ) : (
        <p class={`said ${captioning.value ? 'streaming' : ''}`}>
          {text.value || (done ? 'nothing at all' : '…')}
        </p>
      )}
      {/* Read out once, when it is whole: every piece of the stream would be noise. */}
      <p class="visually-hidden" role="status" aria-live="polite">
        {done && !captioning.value
          ? `${done.unsure ? 'I don’t know this one. ' : ''}Caption: ${done.text}`
          : ''}
      </p>
      {done && <Facts />}
      {done && !captioning.value && <Take />}
    </section>
  );
}

/** Says plainly that the caption is a guess, and takes the picture to the lessons. */
function TeachMe() {
  const teachIt = async () => {
    const { file, name } = picture.value!;
    await addLesson(file, name);
    choose('teach');
    requestAnimationFrame(() => {
      const fields = document.querySelectorAll<HTMLInputElement>('.lesson-list input:not([type])');
      fields[fields.length - 1]?.focus();
    });
  };
  return (
    <div class="unsure">
      <p>
        <strong>I don’t know this one.</strong> What follows is a guess.
      </p>
      <button type="button" disabled={locked.value} onClick={() => void attempt(teachIt)}>
        <Icon name="plus" />
        Teach me
      </button>
    </div>
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

/** The caption to take along. */
function Take() {
  return (
    <div class="actions">
      <button type="button" class="quiet" onClick={() => void attempt(copyCaption)}>
        <Icon name="paste" />
        Copy
      </button>
      <button type="button" class="quiet" onClick={() => void attempt(saveCard)}>
        <Icon name="picture" />
        Save as a card
      </button>
    </div>
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
