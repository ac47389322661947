import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '@simvlm/checkpoint';
import { openCheckpoint, openCheckpointAt } from '@simvlm/checkpoint/node';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import type { Reporter } from '../reporter';

/** The bundled model. */
export function bundledCheckpoint(): Promise<Checkpoint> {
  return openCheckpoint(fileURLToPath(checkpointFolder));
}

/** How a configuration and `--init` name the bundled model. */
const BUNDLED = 'emoji';

/** What `init` names: `emoji`, the bundled model; a checkpoint, a run folder or a web address. @throws CheckpointError */
export function openInit(init: string): Promise<Checkpoint> {
  return init === BUNDLED ? bundledCheckpoint() : openCheckpointAt(init);
}

/** The checkpoint at `path`; when nothing is named the bundled one, which it says. @throws CheckpointError */
export async function chosenCheckpoint(path: string | undefined, reporter: Reporter): Promise<Checkpoint> {
  if (path !== undefined) return openCheckpointAt(path);
  reporter.note('using the bundled model, @simvlm/checkpoint-emoji; another one: --checkpoint runs/NAME');
  return bundledCheckpoint();
}
