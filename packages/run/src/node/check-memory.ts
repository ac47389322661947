import { totalmem } from 'node:os';
import { bytesText } from '@simvlm/checkpoint/node';
import { ConfigError, parameterCount, type Registry } from '@simvlm/core';
import { modelParameters, type SimVlmConfig } from '@simvlm/model';

/**
 * Refuses a model that this machine cannot hold: a slip such as a zero too many would keep it busy for minutes, drawing weights.
 *
 * @throws ConfigError
 */
export function checkMemory(model: SimVlmConfig, registry: Registry): void {
  const parameters = parameterCount(modelParameters(model, registry));
  // float32; training takes three times as much for gradients and moments.
  const bytes = 4 * parameters;
  if (bytes > totalmem())
    throw new ConfigError(
      'CONFIG_INVALID',
      `the model has ${Math.round(parameters / 1e6).toLocaleString('en')} M parameters: its weights alone take ${bytesText(bytes)}, and this machine has ${bytesText(totalmem())}; make "width", "layers" or "mlp" smaller`,
    );
}
