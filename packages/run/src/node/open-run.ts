import { availableParallelism } from 'node:os';
import type { RunConfigInput } from '../config/schema';
import { type OpenRunOptions, openRunOn, type Run, type RunHost } from '../open-run';
import { openInit } from './chosen-checkpoint';
import { loadRunData, nodePlaces } from './data';
import { runRegistry } from './plugins';
import { readTokenizer } from './read-tokenizer';

const nodeHost: RunHost = {
  registry: ({ plugins }) => runRegistry(plugins),
  loadData: loadRunData,
  readTokenizer,
  places: nodePlaces,
  openCheckpoint: openInit,
  cores: availableParallelism(),
};

/**
 * Opens a run whose data may be folders and `emoji`, whose tokenizer may be a file, whose `init` may be a folder, and whose plug-ins are
 * loaded by their names.
 *
 * @throws as `openRun` of `@simvlm/run` does
 */
export function openRun(config: RunConfigInput, options: OpenRunOptions = {}): Promise<Run> {
  return openRunOn(nodeHost, config, options);
}
