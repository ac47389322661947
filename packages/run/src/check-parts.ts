import type { Registry } from '@simvlm/core';
import { checkModelConfig, type SimVlmConfig } from '@simvlm/model';
import { VOCABULARY } from './config/resolve';
import type { RunConfig } from './config/schema';
import { checkEvaluation } from './evaluation';
import { modelPreset } from './model';

/**
 * Refuses a configuration that names parts which nobody registered, or a model that cannot be, before data are read and a tokenizer is
 * trained. What only the tokenizer knows is checked when the model is made.
 *
 * @returns the model, with stand-ins for what the tokenizer will give
 * @throws PluginError for an unknown task, objective, callback or patcher; ConfigError for a wrong model configuration
 */
export function checkParts(config: RunConfig, registry: Registry): SimVlmConfig {
  registry.get('task', config.task.kind);
  registry.get('objective', config.objective.kind);
  for (const { kind } of config.callbacks) registry.get('callback', kind);
  checkEvaluation(config, registry);
  const model = checkModelConfig({
    ...modelPreset(config),
    vocabSize: config.tokenizer.vocabSize ?? VOCABULARY,
    tokens: { pad: 0, bos: 1, eos: 2 },
  } as SimVlmConfig);
  registry.get('patcher', model.patcher.kind);
  return model;
}
