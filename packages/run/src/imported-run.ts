import type { Checkpoint } from '@simvlm/checkpoint';
import { checkpointModelConfig, type SimVlmConfig } from '@simvlm/model';
import { ownRunConfig } from './checkpoint';
import { resolveRunConfig } from './config/resolve';
import type { RunConfig } from './config/schema';

/** The task that a checkpoint was trained for; of an imported model that reads questions apart `answer`, of another `pretrain`. */
export async function checkpointTask(checkpoint: Checkpoint): Promise<string> {
  const run = await ownRunConfig(checkpoint);
  if (run) return run.task.kind;
  const { encoder } = await checkpointModelConfig(checkpoint);
  return encoder?.kind === 'question' ? 'answer' : 'pretrain';
}

/** What stands for the run of a model that was imported, where a task is evaluated: nothing of it is trained. */
export function importedRun({ vocabSize: _, tokens: __, ...model }: SimVlmConfig, kind: string): RunConfig {
  return resolveRunConfig(
    JSON.parse(
      JSON.stringify({
        ...{ name: 'imported', model, task: { kind }, objective: { kind: 'captioning' }, steps: 1 },
        data: { train: { source: 'none' } },
        optimizer: { learningRate: 0 },
      }),
    ),
    'the run of an imported model',
  );
}
