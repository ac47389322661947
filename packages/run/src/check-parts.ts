import { ConfigError, type Registry } from '@simvlm/core';
import { checkModelConfig, type SimVlmConfig } from '@simvlm/model';
import { VOCABULARY } from './config/resolve';
import type { RunConfig } from './config/schema';
import { sourceList } from './config/sources';
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
  checkFits(config, model);
  return model;
}

/** A model that says how its pictures become square reads all of them so, in use as in training. */
function checkFits({ data: { train, val } }: RunConfig, { picture }: SimVlmConfig): void {
  if (!picture?.fit) return;
  for (const source of [train, val].flatMap(given => (given === undefined ? [] : sourceList(given)))) {
    const fit = typeof source === 'string' ? undefined : source.fit;
    if (fit !== undefined && fit !== picture.fit)
      throw new ConfigError(
        'CONFIG_INVALID',
        `"fit" ${fit} of a source does not go with "model.picture.fit" ${picture.fit}: leave it out, or change that of the model`,
      );
  }
}
