import { Fact } from '../parts/fact';
import { count, large, megabytes } from '../parts/format';
import { Icon } from '../parts/icon';
import { backend } from '../state/engine';
import { attempt } from '../state/notice';
import { decline, loading, offer, take } from '../state/offer';
import { OriginFacts } from './model-facts';

const backends = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'JavaScript' };

/** What a checkpoint is and takes, before any of its weights are loaded. */
export function OfferCard() {
  if (!offer.value) return null;
  const { model, place } = offer.value;
  const busy = loading.value !== undefined;
  return (
    <section class="card offer" aria-labelledby="offer-heading">
      <h2 id="offer-heading">{model.name}</h2>
      <dl class="facts-list">
        <Fact term={model.remote ? 'Download' : 'Size'}>
          {megabytes(model.bytes)} {model.remote ? 'from' : 'in'} {place}
        </Fact>
        <Fact term="Memory">
          {megabytes(model.memory)} of weights on {backends[backend.value?.name ?? 'cpu']}, and some more for
          each caption
        </Fact>
        <OriginFacts origin={model.origin} />
        <Fact term="Kind">
          {model.kind}. {model.experience}
        </Fact>
        <Fact term="Model">
          {large(model.parameters)} parameters, {count(model.vocabSize)} pieces, pictures of {model.imageSize}{' '}
          × {model.imageSize} pixels
        </Fact>
      </dl>
      {model.refusal && (
        <p class="refusal">
          <Icon name="alert" />
          <span>
            <strong>{model.refusal.title}.</strong> {model.refusal.advice}
          </span>
        </p>
      )}
      <div class="actions">
        <button
          type="button"
          disabled={busy || model.refusal !== undefined}
          onClick={() => void attempt(take)}
        >
          <Icon name="download" />
          Load this model
        </button>
        <button type="button" class="quiet" disabled={busy} onClick={decline}>
          Not now
        </button>
      </div>
      <LoadingProgress />
    </section>
  );
}

function LoadingProgress() {
  const now = loading.value;
  if (!now) return null;
  return (
    <div class="start">
      <label for="loading-progress">
        Loading · {megabytes(now.loaded)} of {megabytes(now.total)}
      </label>
      <progress id="loading-progress" value={now.loaded} max={now.total} />
    </div>
  );
}
