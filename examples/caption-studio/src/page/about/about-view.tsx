import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { count, large, megabytes } from '../parts/format';
import { current } from '../parts/tabs';
import { backend, engine, model, phase } from '../state/engine';
import { Attribution } from './attribution';
import { Markdown } from './markdown';

export function AboutView() {
  return (
    <div class="about-view">
      <section class="card" aria-labelledby="machine-heading">
        <h2 id="machine-heading">This machine</h2>
        <Machine />
      </section>
      <section class="card" aria-labelledby="model-heading">
        <h2 id="model-heading">The model</h2>
        <Model />
      </section>
      {model.value?.card && (
        <section class="card model-card" aria-labelledby="card-heading">
          <h2 id="card-heading">Model card</h2>
          <Markdown source={model.value.card} />
        </section>
      )}
      <section class="card" aria-labelledby="data-heading">
        <h2 id="data-heading">The data, and who made them</h2>
        <Attribution />
      </section>
    </div>
  );
}

function Machine() {
  const now = backend.value;
  const memory = useMemory();
  return (
    <dl class="facts-list">
      <Fact term="Backend">
        {now ? { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'JavaScript' }[now.name] : '…'}
      </Fact>
      <Fact term={now?.name === 'webgpu' ? 'Adapter' : 'With'}>{now?.detail ?? '…'}</Fact>
      <Fact term="Why">{now?.reason ?? '…'}</Fact>
      <Fact term="Memory">
        {memory ? `${megabytes(memory.bytes)} in ${count(memory.tensors)} tensors` : '…'}
      </Fact>
      <Fact term="Network">
        None after the page and its weights are loaded; the page’s own policy forbids it.
      </Fact>
    </dl>
  );
}

/** The engine's memory, every two seconds while this view is shown; none where the engine cannot say, as after a lost device. */
function useMemory() {
  const [memory, setMemory] = useState<{ tensors: number; bytes: number }>();
  const shown = current.value === 'about' && phase.value === 'ready';
  useEffect(() => {
    if (!shown) return;
    const read = () =>
      engine.memory().then(setMemory, error => {
        setMemory(undefined);
        console.warn('no figure of memory:', error);
      });
    void read();
    const timer = setInterval(read, 2_000);
    return () => clearInterval(timer);
  }, [shown]);
  return memory;
}

function Model() {
  const now = model.value;
  const architectures = { 'encoder-decoder': 'Encoder and decoder', 'decoder-only': 'Decoder only' };
  return (
    <dl class="facts-list">
      <Fact term="Name">
        {now ? (now.name === 'shipped' ? 'The one that comes with the page' : now.name) : '…'}
      </Fact>
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
      <Fact term="Licence">Apache-2.0</Fact>
    </dl>
  );
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
