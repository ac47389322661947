import { checkFiniteValues, readSafetensors, type SafeTensor, writeSafetensors } from '@simvlm/checkpoint';
import { CheckpointError, ConfigError } from '@simvlm/core';
import { isAdapter, type LoraConfig, resolveLora } from './lora';

/**
 * Adapters alone as a safetensors file: their tensors by the names that they have in the model, and in the metadata `format` =
 * `simvlm-lora` and `lora`, their configuration as JSON.
 *
 * @param weights of a model with adapters, by name; others are left out
 */
export function writeAdapters(
  weights: Iterable<readonly [string, SafeTensor]>,
  lora: LoraConfig,
): Uint8Array {
  const metadata = { format: 'simvlm-lora', lora: JSON.stringify(resolveLora(lora)) };
  return writeSafetensors(
    [...weights].filter(([name]) => isAdapter(name)),
    metadata,
  );
}

/**
 * @param what names the file in messages
 * @throws CheckpointError when the file is damaged, holds no adapters or what is no number, or its configuration is none
 */
export function readAdapters(
  bytes: Uint8Array,
  what = 'adapters',
): {
  lora: Required<LoraConfig>;
  adapters: Map<string, SafeTensor>;
} {
  const { tensors, metadata } = readSafetensors(bytes);
  const refuse = (why: string, cause?: unknown) =>
    new CheckpointError('WEIGHTS_INVALID', `${what} is not a file of adapters: ${why}`, { cause });
  if (metadata.format !== 'simvlm-lora' || metadata.lora === undefined)
    throw refuse('its metadata does not say simvlm-lora');
  let lora: Required<LoraConfig>;
  try {
    lora = resolveLora(JSON.parse(metadata.lora) as LoraConfig);
  } catch (error) {
    if (error instanceof ConfigError) throw refuse(error.message, error);
    throw refuse('"lora" in its metadata is not JSON', error);
  }
  const [stranger] = [...tensors.keys()].filter(name => !isAdapter(name));
  if (stranger !== undefined) throw refuse(`it holds "${stranger}", which belongs to no adapter`);
  if (tensors.size === 0) throw refuse('it is empty');
  for (const [name, { values }] of tensors) checkFiniteValues(name, values, what);
  return { lora, adapters: tensors };
}
