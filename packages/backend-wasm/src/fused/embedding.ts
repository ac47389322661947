import { type EmbeddingGradAttrs, fusedKernel } from '@simvlm/ops';
import { defineFused } from './define';
import { grainOf, runsOf, sizeOf } from './grain';

export const embedding = defineFused<'table' | 'ids', object>(
  fusedKernel.embedding,
  ({ table, ids }, _attrs, backend) => {
    const [vocabulary, width] = table.shape as [number, number];
    const y = backend.output([...ids.shape, width]);
    const tensors = [table, ids, y].map(tensor => backend.pointer(tensor));
    backend.runJob('fusedEmbedding', sizeOf(ids.shape), [...tensors, width, vocabulary], grainOf(width / 16));
    return [y];
  },
);

export const embeddingGrad = defineFused<'ids' | 'dy', EmbeddingGradAttrs>(
  fusedKernel.embeddingGrad,
  ({ ids, dy }, { vocabSize }, backend) => {
    const width = dy.shape[dy.shape.length - 1]!;
    const rows = sizeOf(ids.shape);
    const dtable = backend.output([vocabSize, width]);
    const { perRun, runs } = runsOf(vocabSize, ((vocabSize + rows) * width) / (8 * vocabSize));
    const tensors = [ids, dy, dtable].map(tensor => backend.pointer(tensor));
    backend.runJob('fusedEmbeddingGrad', runs, [...tensors, rows, width, vocabSize, perRun]);
    return [dtable];
  },
);

export const cacheWrite = defineFused<'cache' | 'update' | 'positions', object>(
  fusedKernel.cacheWrite,
  ({ cache, update, positions }, _attrs, backend) => {
    const [batch, capacity] = cache.shape as [number, number];
    const width = sizeOf(cache.shape.slice(2));
    const out = backend.output(cache.shape);
    const tensors = [cache, update, positions, out].map(tensor => backend.pointer(tensor));
    const sizes = [capacity, update.shape[1]!, width];
    backend.runJob('fusedCacheWrite', batch, [...tensors, ...sizes], grainOf((capacity * width) / 8));
    return [out];
  },
);
