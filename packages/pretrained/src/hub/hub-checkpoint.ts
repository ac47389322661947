import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Checkpoint } from '@simvlm/checkpoint';
import { openCheckpoint } from '@simvlm/checkpoint/node';
import { importFolder } from '../node/import-folder';
import { openPretrainedFolder } from '../node/open-folder';
import { isCheckpoint, neededFiles } from './needed-files';
import { hubSettings } from './settings';
import { type HubOptions, type HubSnapshot, hubSnapshot } from './snapshot';

export interface HubCheckpointOptions extends Omit<HubOptions, 'select'> {
  /** Told before a model is imported, which is done once for each commit. */
  onImport?(folder: string): void;
}

/**
 * A checkpoint on the hub: one of SimVLM as it is, another model imported. What is imported stays in `simvlm` beside the hub's cache, by its
 * commit, with weights as float32.
 *
 * @param name `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`
 * @throws as `hubSnapshot`, `importFolder` and `openCheckpoint`
 */
export async function hubCheckpoint(
  name: string,
  { onImport, ...options }: HubCheckpointOptions = {},
): Promise<Checkpoint> {
  const settings = options.settings ?? (await hubSettings());
  const snapshot = await hubSnapshot(name, { ...options, settings, select: neededFiles });
  if (isCheckpoint(snapshot.files)) return openCheckpoint(snapshot.folder);
  const { repository, commit } = snapshot;
  const place = join(dirname(settings.cache), 'simvlm', repository.replace('/', '--'), commit);
  if (!(await isThere(place))) {
    onImport?.(place);
    await importOnce(snapshot, place);
  }
  return openCheckpoint(place);
}

async function importOnce({ folder, repository, commit }: HubSnapshot, place: string): Promise<void> {
  try {
    await importFolder(await openPretrainedFolder(folder), place, { repository, revision: commit });
  } catch (error) {
    // Another process was faster: what it wrote is complete.
    if (!(await isThere(place))) throw error;
  }
}

async function isThere(folder: string): Promise<boolean> {
  return stat(folder).then(
    () => true,
    () => false,
  );
}
