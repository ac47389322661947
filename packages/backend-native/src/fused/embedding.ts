/** Rows of a table, and their gradient. `V` vocabulary, `D` width. Ids stay on the device. */
import { type EmbeddingGradAttrs, fusedKernel } from '@simvlm/ops';
import { kernel, type NativeKernel, type Of } from '../kernels/kernel';

export const embedding: NativeKernel = kernel<Of<'table' | 'ids'>>(
  fusedKernel.embedding,
  (b, { table, ids }) => {
    const shape = [...ids.shape, table.shape[1]!];
    return [b.output(b.op('embedding', b.input(table), b.input(ids)), shape, 'float32')];
  },
);

/** Adds in the order of the ids on the CPU and after a stable sort on CUDA: the same sum every time, unlike `index_add_`. */
export const embeddingGrad: NativeKernel = kernel<Of<'ids' | 'dy'>, EmbeddingGradAttrs>(
  fusedKernel.embeddingGrad,
  (b, { ids, dy }, { vocabSize }) => {
    const shape = [vocabSize, dy.shape[dy.shape.length - 1]!];
    const dtable = b.op('embedding_dense_backward', b.input(dy), b.input(ids), vocabSize, -1, false);
    return [b.output(dtable, shape, 'float32')];
  },
);
