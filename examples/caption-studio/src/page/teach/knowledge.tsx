import captions from '../../../rehearsal/captions.json';
import strip from '../../../rehearsal/pictures.webp?url';
import type { KnownPicture } from '../../engine/engine';
import { known } from '../state/teach';

/** Pictures above those of `KnownPicture` in the strip. */
const REHEARSED = captions.rehearsed.length;
/** Pixels a picture is shown at. */
const SHOWN = 48;

/** What the model has learnt, and whether it still knows what it knew: 25 pictures that it is never trained on. */
export function KnowledgeCard() {
  const [before, now] = known.value;
  if (!before || before.known.length === 0) return null;
  const { learned, share, known: pictures } = now ?? before;
  const knew = pictures.filter((_, i) => isRight(before.known[i]!));
  const still = knew.filter(isRight);
  return (
    <section class="knowledge card" aria-labelledby="knowledge-heading">
      <h2 id="knowledge-heading">What it knows</h2>
      <p class="now" aria-live="polite">
        Learned {learned.right} of {learned.of}, still knows {still.length} of {knew.length}
      </p>
      <p class="hint">
        It goes over pictures that it knows between your lessons. Whether it still knows others, which it is
        never trained on, is looked at here.
        {share !== undefined &&
          share < 1 &&
          ` ${Math.round(100 * share)} % of the change was enough for your lessons; the rest was taken back.`}
      </p>
      <ul>
        {knew.map(picture => (
          <Known key={picture.index} picture={picture} />
        ))}
      </ul>
    </section>
  );
}

function Known({ picture }: { picture: KnownPicture }) {
  const { index, caption, text } = picture;
  const right = isRight(picture);
  return (
    <li class={right ? 'right' : 'wrong'}>
      <span
        class="known"
        role="img"
        aria-label={caption}
        title={right ? caption : `${caption}: it now says “${text}”`}
        style={{
          backgroundImage: `url(${strip})`,
          backgroundPosition: `0 ${-SHOWN * (REHEARSED + index)}px`,
        }}
      />
      {!right && (
        <span class="hint">
          {caption}: <s>{text || 'nothing'}</s>
        </span>
      )}
    </li>
  );
}

function isRight({ caption, text }: KnownPicture): boolean {
  return caption === text;
}
