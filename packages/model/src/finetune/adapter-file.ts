import { CheckpointError } from '@simvlm/core';
import { readSafetensors, type SafeTensor, writeSafetensors } from '../weights/safetensors';
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

/** @throws CheckpointError when the file is damaged or holds no adapters; ConfigError when their configuration is none */
export function readAdapters(bytes: Uint8Array): {
  lora: Required<LoraConfig>;
  adapters: Map<string, SafeTensor>;
} {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format !== 'simvlm-lora' || metadata.lora === undefined)
    throw new CheckpointError(
      'WEIGHTS_INVALID',
      'not a file of adapters: its metadata does not say simvlm-lora',
    );
  let config: LoraConfig;
  try {
    config = JSON.parse(metadata.lora) as LoraConfig;
  } catch (error) {
    throw new CheckpointError(
      'WEIGHTS_INVALID',
      'not a file of adapters: "lora" in its metadata is not JSON',
      {
        cause: error,
      },
    );
  }
  return { lora: resolveLora(config), adapters: tensors };
}
