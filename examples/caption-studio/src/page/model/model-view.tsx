import type { StudioFailure } from '../../engine/engine';
import { Markdown } from '../parts/markdown';
import type { PageFiles } from '../parts/page-files';
import { model } from '../state/engine';
import type { GivenFile } from '../state/given-files';
import { offerArchive, offerFolder } from '../state/offer';
import { running } from '../state/teach';
import { ModelFacts } from './model-facts';
import { OfferCard } from './offer-card';
import { OpenModel } from './open-model';

export const modelFiles: PageFiles = { take: openGiven, hint: 'Drop a checkpoint to look at it' };

/** A zip, or a folder of a checkpoint's files. */
async function openGiven(files: readonly GivenFile[]): Promise<void> {
  if (running.value)
    throw {
      code: 'UNEXPECTED',
      title: 'A training is running',
      advice: 'Pause it first, then open another model.',
    } satisfies StudioFailure;
  const [first] = files;
  if (files.length === 1 && first!.path.endsWith('.zip')) await offerArchive(first!.file);
  else await offerFolder(files);
}

export function ModelView() {
  return (
    <div class="about-view">
      <div class="stack">
        <OpenModel />
        <OfferCard />
      </div>
      <section class="card" aria-labelledby="model-heading">
        <h2 id="model-heading">The model in use</h2>
        <ModelFacts />
      </section>
      {model.value?.card && (
        <section class="card model-card" aria-labelledby="card-heading">
          <h2 id="card-heading">Model card</h2>
          <Markdown source={model.value.card} />
        </section>
      )}
    </div>
  );
}
