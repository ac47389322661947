import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '@simvlm/checkpoint';
import { openCheckpoint, openCheckpointAt } from '@simvlm/checkpoint/node';
import { checkpointFolder } from '@simvlm/checkpoint-emoji';
import { hubCheckpoint, isHubName } from '@simvlm/pretrained/node';
import { type Reporter, silent } from '../reporter';
import { hubReports } from './hub-reports';

/** The bundled model. */
export function bundledCheckpoint(): Promise<Checkpoint> {
  return openCheckpoint(fileURLToPath(checkpointFolder));
}

/** How a configuration and `--init` name the bundled model. */
export const BUNDLED = 'emoji';

/**
 * The checkpoint that a person names: a path or a web address as `openCheckpointAt` takes it, or `hf:OWNER/NAME[@REVISION]` on the hub, of
 * which the reporter tells what is downloaded.
 *
 * @throws CheckpointError; HubError; ConfigError for what is no name on the hub
 */
export function checkpointAt(place: string, reporter: Reporter): Promise<Checkpoint> {
  return isHubName(place) ? hubCheckpoint(place, hubReports(place, reporter)) : openCheckpointAt(place);
}

/** What `init` names: `emoji`, the bundled model; else as `checkpointAt`. */
export function openInit(init: string, reporter: Reporter = silent): Promise<Checkpoint> {
  return init === BUNDLED ? bundledCheckpoint() : checkpointAt(init, reporter);
}

/** The checkpoint at `path`; when nothing is named the bundled one, which it says. @throws CheckpointError */
export async function chosenCheckpoint(path: string | undefined, reporter: Reporter): Promise<Checkpoint> {
  if (path !== undefined) return checkpointAt(path, reporter);
  reporter.note('using the bundled model, @simvlm/checkpoint-emoji; another one: --checkpoint runs/NAME');
  return bundledCheckpoint();
}
