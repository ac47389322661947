import { heldOut, said } from '../state/teach';

/** Pictures that are never trained on, what should be said of them, and what the model says as it learns. */
export function HeldOut() {
  if (heldOut.value.length === 0) return null;
  return (
    <section class="held-out-list card" aria-labelledby="held-out-heading">
      <h2 id="held-out-heading">Held-out pictures</h2>
      <ul aria-live="polite">
        {heldOut.value.map(({ picture, caption }) => {
          const history = said.value.get(picture.id) ?? [];
          const now = history.at(-1);
          const right = now?.text.trim() === caption.trim();
          return (
            <li key={picture.id}>
              <img src={picture.url} alt="" decoding="async" width="64" height="64" />
              <div>
                <p class={`now ${right ? 'right' : ''}`}>
                  {now ? now.text : 'Nothing said yet'}
                  {right && <span class="tick">right</span>}
                </p>
                <p class="hint">
                  to be: {caption}
                  {history.length > 1 && (
                    <>
                      {' '}
                      · before: <s>{history.at(-2)!.text}</s> (step {history.at(-2)!.step})
                    </>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
