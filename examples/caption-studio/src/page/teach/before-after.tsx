import type { Knowledge } from '../../engine/engine';
import { lessons, type ShownLesson } from '../state/lessons';
import { known } from '../state/teach';

/** What the model said of each picture before the lessons, and what it says since: a word is learnt only if it was not known before. */
export function BeforeAfter() {
  const [before, now] = known.value;
  if (!before) return null;
  const shown = lessons.value.filter(({ picture }) => picture.id in before.said);
  if (shown.length === 0) return null;
  return (
    <section class="before-after card" aria-labelledby="before-after-heading">
      <h2 id="before-after-heading">Before and after</h2>
      <p class="hint">
        It said {rightOf(shown, before)} of {shown.length} rightly before your lessons
        {now && ` and says ${rightOf(shown, now)} now`}. Held-out pictures show whether it learns or
        remembers.
      </p>
      <ul>
        {shown.map(lesson => (
          <Row key={lesson.picture.id} lesson={lesson} before={before} now={now ?? before} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly lesson: ShownLesson;
  readonly before: Knowledge;
  readonly now: Knowledge;
}

function Row({ lesson: { picture, caption, heldOut }, before, now }: RowProps) {
  return (
    <li>
      <img src={picture.url} alt="" decoding="async" width="64" height="64" />
      <p class="hint wanted">
        {caption.trim()}
        {heldOut && <span class="tag">held out</span>}
      </p>
      <Said term="Before" text={before.said[picture.id]!} caption={caption} />
      <Said term="Now" text={now.said[picture.id] ?? ''} caption={caption} />
    </li>
  );
}

function Said({ term, text, caption }: { term: string; text: string; caption: string }) {
  const right = text === caption.trim();
  return (
    <p class={right ? 'said-then right' : 'said-then'}>
      <span class="term">{term}</span> {text || 'nothing'}
      {right && <span class="tick">right</span>}
    </p>
  );
}

function rightOf(shown: readonly ShownLesson[], { said }: Knowledge): number {
  return shown.filter(({ picture, caption }) => said[picture.id] === caption.trim()).length;
}
