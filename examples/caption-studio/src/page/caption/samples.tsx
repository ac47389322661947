import { picture, showSample } from '../state/caption';
import { attempt } from '../state/notice';
import { samples } from '../state/samples';

export function Samples() {
  return (
    <section class="samples" aria-labelledby="samples-heading">
      <h2 id="samples-heading" class="visually-hidden">
        Sample pictures
      </h2>
      <ul>
        {samples.map(sample => (
          <li key={sample.file}>
            <button
              type="button"
              aria-pressed={picture.value?.name === sample.name}
              title={sample.name}
              onClick={() => void attempt(() => showSample(sample))}
            >
              <img src={sample.url} alt={sample.name} width="64" height="64" />
            </button>
          </li>
        ))}
      </ul>
      <p class="credit">
        Samples by an artist that the model has never seen:{' '}
        <a href="https://github.com/EmojiTwo/emojitwo" rel="noreferrer">
          EmojiOne
        </a>
        , CC-BY-4.0
      </p>
    </section>
  );
}
