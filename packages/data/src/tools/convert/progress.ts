import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError, type JsonValue, parseJsonObject } from '@simvlm/core';
import { readRegularFile } from '../../files';
import { explained, writeOutput } from './write-output';

/** What identifies a piece of work on shards: its source and everything that decides what is in them. */
export type WorkSettings = Readonly<Record<string, JsonValue | undefined>>;

/** Work on a folder of shards that can be taken up again: a JSON file in it that is written after each shard. */
export class Progress<State extends JsonValue> {
  readonly #path: string;
  readonly #settings: WorkSettings;
  /** What was saved when the work was taken up; at the beginning the first state. */
  readonly saved: State;

  private constructor(path: string, settings: WorkSettings, saved: State) {
    this.#path = path;
    this.#settings = settings;
    this.saved = saved;
  }

  /**
   * Makes the folder, or takes up what was begun in it.
   *
   * @param file name of the JSON file
   * @param first the state at the beginning: it is written before any shard, so that work which is stopped early can be taken up too
   * @throws ConfigError for a folder that holds something else, or was begun with other settings; DataError for a damaged file; OutputError for a full disk
   */
  static async open<State extends JsonValue>(
    folder: string,
    file: string,
    settings: WorkSettings,
    first: State,
  ): Promise<Progress<State>> {
    const path = join(folder, file);
    await explained(folder, () => mkdir(folder, { recursive: true }));
    const names = await readdir(folder);
    if (!names.includes(file)) {
      // The file itself may have been cut off by a kill.
      const other = names.find(name => !name.includes('.tmp-'));
      if (other !== undefined)
        throw new ConfigError(
          'CONFIG_INVALID',
          `${folder} is not empty (it holds ${other}); give a new folder`,
        );
      const progress = new Progress(path, settings, first);
      await progress.save(first);
      return progress;
    }
    const { settings: before, state } = parseJsonObject(await readRegularFile(path), path);
    if (typeof before !== 'object' || before === null || Array.isArray(before) || state === undefined)
      throw new DataError('DATA_INVALID', `${path} is damaged; remove the folder and begin anew`);
    const changed = [...new Set([...Object.keys(settings), ...Object.keys(before)])].filter(
      name => JSON.stringify(settings[name]) !== JSON.stringify(before[name]),
    );
    if (changed.length > 0)
      throw new ConfigError(
        'CONFIG_INVALID',
        `${folder} was begun with another ${changed.join(', ')}; give that again, or a new folder`,
      );
    return new Progress(path, settings, state as State);
  }

  /** @throws OutputError */
  async save(state: State): Promise<void> {
    await writeOutput(this.#path, `${JSON.stringify({ settings: this.#settings, state })}\n`);
  }
}
