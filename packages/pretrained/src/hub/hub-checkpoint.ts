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
  /** Told why only the cache was looked at: the hub may have a newer commit. */
  onOffline?(why: string): void;
}

/** Of what an import writes: raised with it, so that models imported by older versions are imported again. */
const IMPORT_FORMAT = 1;

/**
 * A checkpoint on the hub: one of SimVLM as it is, another model imported. What is imported stays in `simvlm/imports-1` beside the hub's
 * cache, by its commit, with weights as float32.
 *
 * @param name `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`
 * @throws as `hubSnapshot`, `importFolder` and `openCheckpoint`
 */
export async function hubCheckpoint(
  name: string,
  { onImport, onOffline, ...options }: HubCheckpointOptions = {},
): Promise<Checkpoint> {
  const settings = options.settings ?? (await hubSettings());
  const snapshot = await hubSnapshot(name, { ...options, settings, select: neededFiles });
  if (snapshot.offline !== undefined) onOffline?.(snapshot.offline);
  if (isCheckpoint(snapshot.files)) return openCheckpoint(snapshot.folder);
  const { repository, commit } = snapshot;
  const imports = join(dirname(settings.cache), 'simvlm', `imports-${IMPORT_FORMAT}`);
  const place = join(imports, repository.replace('/', '--'), commit);
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
