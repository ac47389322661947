import type { ModelOrigin } from '../../engine/engine';
import { Fact } from '../parts/fact';
import { count, large } from '../parts/format';
import { model } from '../state/engine';

const architectures = { 'encoder-decoder': 'Encoder and decoder', 'decoder-only': 'Decoder only' };

/** The model in use. */
export function ModelFacts() {
  const now = model.value;
  const isOwn = now?.name === 'shipped';
  return (
    <dl class="facts-list">
      <Fact term="Name">{now ? (isOwn ? 'The one that comes with the page' : now.name) : '…'}</Fact>
      <Fact term="Parameters">{now ? large(now.parameters) : '…'}</Fact>
      <Fact term="Architecture">{now ? architectures[now.architecture] : '…'}</Fact>
      <Fact term="Sees">
        {now
          ? `${now.imageSize} × ${now.imageSize} pixels as ${now.grid.height} × ${now.grid.width} image tokens`
          : '…'}
      </Fact>
      <Fact term="Vocabulary">{now ? `${count(now.vocabSize)} pieces` : '…'}</Fact>
      <Fact term="Paper">
        <a href="https://arxiv.org/abs/2108.10904" rel="noreferrer">
          SimVLM, Wang et al., ICLR 2022
        </a>
      </Fact>
      {isOwn ? <Fact term="Licence">Apache-2.0</Fact> : <OriginFacts origin={now?.origin} />}
    </dl>
  );
}

/** Licence and source, as the checkpoint states them. */
export function OriginFacts({ origin }: { origin: ModelOrigin | undefined }) {
  const { repository, revision, licence } = origin ?? {};
  return (
    <>
      <Fact term="Licence">{licence ?? 'Not stated: ask whoever made it'}</Fact>
      <Fact term="Source">
        {repository ? `${repository}${revision ? `, revision ${revision}` : ''}` : 'Not stated'}
      </Fact>
    </>
  );
}
