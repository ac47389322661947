import type { Registry } from '@simvlm/core';
import { checkModelConfig, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from '../config/run-config';
import { modelPreset } from './model';

/**
 * Refuses a configuration that names parts which nobody registered, or a model that cannot be, before data are read and a tokenizer is
 * trained. What only the tokenizer knows is checked when the model is made.
 *
 * @throws PluginError for an unknown objective or patcher; ConfigError for a wrong model configuration
 */
export function checkParts(config: RunConfig, registry: Registry): void {
  registry.get('objective', config.objective.kind);
  const { patcher } = checkModelConfig({
    ...modelPreset(config),
    // Stand-ins for what the tokenizer will give.
    vocabSize: config.tokenizer.vocabSize,
    tokens: { pad: 0, bos: 1, eos: 2 },
  } as SimVlmConfig);
  registry.get('patcher', patcher.kind);
}
