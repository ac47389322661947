/**
 * How many blocks lie between each parameter and the output, by its name: what layer-wise decay of the learning rate goes by.
 *
 * ```
 * 2 + 2 layers   patcher, embedding, positions   encoder.0  encoder.1  decoder.0  decoder.1   decoder.norm, heads
 * above                     5                       4          3          2          1              0
 * ```
 *
 * The final norm of the encoder goes with its last block. The blocks of a patcher (`patcher.blocks.I`) lie below all others; what it does behind them
 * goes with the last of them. Embeddings and positions of text have above them what reads them: those of a question encoder of its own the encoder, those
 * of the decoder then the decoder alone. The embedding may be the output layer too, and counts as what it is first.
 *
 * @param names all parameters of the model, the frozen ones too: they say how many blocks there are
 */
export function blocksAbove(names: readonly string[]): (name: string) => number {
  const patcher = count(names, PATCHER);
  const encoder = patcher + count(names, ENCODER);
  const top = encoder + count(names, DECODER) + 1;
  const decoderText = names.includes('encoder.embedding.weight') ? encoder : patcher;

  const depth = (name: string): number => {
    for (const [pattern, below] of [
      [PATCHER, 0],
      [ENCODER, patcher],
      [DECODER, encoder],
    ] as const) {
      const index = block(name, pattern);
      if (index !== undefined) return below + index + 1;
    }
    if (/^patcher\.(norm_after|out|out_norm)\./.test(name)) return patcher;
    if (name.startsWith('patcher.') || name === 'positions.image') return 0;
    if (/^encoder\.(embedding|positions)\./.test(name)) return patcher;
    if (name.startsWith('encoder.')) return encoder;
    return /^(embedding|positions)\./.test(name) ? decoderText : top;
  };
  return name => top - depth(name);
}

const PATCHER = /^patcher\.blocks\.(\d+)\./;
const ENCODER = /^encoder\.(\d+)\./;
const DECODER = /^decoder\.(\d+)\./;

/** How many blocks of this kind there are. */
function count(names: readonly string[], pattern: RegExp): number {
  return Math.max(0, ...names.map(name => (block(name, pattern) ?? -1) + 1));
}

function block(name: string, pattern: RegExp): number | undefined {
  const index = pattern.exec(name)?.[1];
  return index === undefined ? undefined : Number(index);
}
