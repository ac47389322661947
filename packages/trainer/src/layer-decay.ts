/**
 * Layer-wise learning-rate decay (ELECTRA, Clark et al., 2020; BEiT, Bao et al., 2022): what lies deeper, and is more general, is changed
 * less by fine-tuning. The learning rate of a parameter is that of the schedule times `decay` to the power of the blocks above it.
 *
 * ```
 * 2 + 2 layers   patcher, embedding, positions   encoder.0  encoder.1  decoder.0  decoder.1   decoder.norm, heads
 * factor                    decay⁵                decay⁴     decay³     decay²     decay             1
 * ```
 *
 * The final norm of the encoder goes with its last block. The embedding is the output layer too, and counts as what it is first.
 *
 * @param names all parameters of the model, the frozen ones too: they say how many blocks there are
 * @returns the factor of each parameter, in (0, 1], by its name
 */
export function layerFactors(names: readonly string[], decay: number): ReadonlyMap<string, number> {
  const encoder = blocks(names, 'encoder');
  const top = encoder + blocks(names, 'decoder') + 1;
  return new Map(names.map(name => [name, decay ** (top - depth(name, encoder, top))]));
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
