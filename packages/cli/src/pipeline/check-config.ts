import { totalmem } from 'node:os';
import { bytesText } from '@simvlm/checkpoint/node';
import { ConfigError, parameterCount, type Registry } from '@simvlm/core';
import { checkModelConfig, modelParameters, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from '../config/run-config';
import { modelPreset } from './model';

/**
 * Refuses a configuration that names parts which nobody registered, or a model that cannot be, before data are read and a tokenizer is
 * trained. What only the tokenizer knows is checked when the model is made.
 *
 * @throws PluginError for an unknown objective or patcher; ConfigError for a wrong model configuration, or one larger than this machine
 */
export function checkParts(config: RunConfig, registry: Registry): void {
  registry.get('objective', config.objective.kind);
  const model = checkModelConfig({
    ...modelPreset(config),
    // Stand-ins for what the tokenizer will give.
    vocabSize: config.tokenizer.vocabSize,
    tokens: { pad: 0, bos: 1, eos: 2 },
  } as SimVlmConfig);
  registry.get('patcher', model.patcher.kind);
  checkMemory(model, registry);
}

/** A slip such as a zero too many would keep the machine busy for minutes, drawing weights that it cannot hold. */
function checkMemory(model: SimVlmConfig, registry: Registry): void {
  const parameters = parameterCount(modelParameters(model, registry));
  // float32; training takes three times as much for gradients and moments.
  const bytes = 4 * parameters;
  if (bytes > totalmem())
    throw new ConfigError(
      'CONFIG_INVALID',
      `the model has ${Math.round(parameters / 1e6).toLocaleString('en')} M parameters: its weights alone take ${bytesText(bytes)}, and this machine has ${bytesText(totalmem())}; make "width", "layers" or "mlp" smaller`,
    );
}
