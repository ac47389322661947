/**
 * How many blocks lie between each parameter and the output, by its name: what layer-wise decay of the learning rate goes by.
 *
 * ```
 * 2 + 2 layers   patcher, embedding, positions   encoder.0  encoder.1  decoder.0  decoder.1   decoder.norm, heads
 * above                     5                       4          3          2          1              0
 * ```
 *
 * The final norm of the encoder goes with its last block. The embedding is the output layer too, and counts as what it is first.
 *
 * @param names all parameters of the model, the frozen ones too: they say how many blocks there are
 */
export function blocksAbove(names: readonly string[]): (name: string) => number {
  const encoder = blocks(names, 'encoder');
  const top = encoder + blocks(names, 'decoder') + 1;
  return name => top - depth(name, encoder, top);
}

/** How many blocks of this kind there are. */
function blocks(names: readonly string[], kind: string): number {
  return Math.max(0, ...names.map(name => (block(name, kind) ?? -1) + 1));
}

function block(name: string, kind: string): number | undefined {
  const [first, index] = name.split('.');
  return first === kind && /^\d+$/.test(index ?? '') ? Number(index) : undefined;
}

function depth(name: string, encoder: number, top: number): number {
  const encoderBlock = block(name, 'encoder');
  if (encoderBlock !== undefined) return encoderBlock + 1;
  const decoderBlock = block(name, 'decoder');
  if (decoderBlock !== undefined) return encoder + decoderBlock + 1;
  if (name.startsWith('encoder.')) return encoder;
  return /^(patcher|embedding|positions)\./.test(name) ? 0 : top;
}
