import type { Checkpoint } from '@simvlm/checkpoint';
import { ConfigError } from '@simvlm/core';
import { checkpointTrainerState } from '@simvlm/trainer';
import { checkpointRunConfig } from './checkpoint';
import type { RunConfig } from './config/schema';
import type { Reporter } from './reporter';
import { resumeChanges } from './resume-changes';

/**
 * Makes sure that a run can go on from a checkpoint, and says what of its configuration has changed.
 *
 * @param where how messages name it
 * @throws ConfigError when the configuration differs in what a run cannot change, or has fewer steps than are done
 */
export async function checkResume(
  checkpoint: Checkpoint,
  config: RunConfig,
  reporter: Reporter,
  where = checkpoint.where,
): Promise<void> {
  const { refused, told } = resumeChanges(await checkpointRunConfig(checkpoint), config);
  if (refused.length > 0)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where} was trained with another configuration: ${refused.join('; ')}. Resume it with its own, or begin a new run with its weights: --init ${where}`,
    );
  for (const change of told) reporter.note(`changed on resume: ${change}`);
  const { step } = await checkpointTrainerState(checkpoint);
  if (config.steps !== undefined && config.steps < step)
    throw new ConfigError(
      'CONFIG_INVALID',
      `${where} has done ${step} steps, and "steps" is ${config.steps}: give more with --set steps=…, or resume an earlier checkpoint`,
    );
}
