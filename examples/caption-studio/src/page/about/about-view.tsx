import { useEffect, useState } from 'preact/hooks';
import { Fact } from '../parts/fact';
import { count, megabytes } from '../parts/format';
import { current } from '../parts/tabs';
import { backend, engine, phase } from '../state/engine';
import { Attribution } from './attribution';

export function AboutView() {
  return (
    <div class="about-view">
      <section class="card" aria-labelledby="machine-heading">
        <h2 id="machine-heading">This machine</h2>
        <Machine />
      </section>
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
        None after the page and its weights are loaded; the page’s own policy forbids it. A model whose
        address you give is fetched by a part of the page that sees no picture.
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
