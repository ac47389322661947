import { posix } from 'node:path';
import { DataError } from '@simvlm/core';

/** The ids of a `captions.jsonl`, each with the line that has it. */
export class Ids {
  readonly #file: string;
  readonly #lineOf = new Map<string, number>();
  /** How many lines without an id of their own name this image. */
  readonly #times = new Map<string, number>();

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The id of a line: its own, else one made of its image or its number.
   *
   * @param image path below the folder, with "/"
   * @throws DataError that names both lines where another one has this id
   */
  take(own: string | undefined, image: string | undefined, line: number): string {
    const id = own ?? (image === undefined ? `line-${line}` : this.#idOf(image));
    const other = this.#lineOf.get(id);
    if (other !== undefined)
      throw new DataError(
        'DATA_INVALID',
        `${this.#file}:${line}: the id "${id}" is that of line ${other}; give one of them another "id"`,
      );
    this.#lineOf.set(id, line);
    return id;
  }

  #idOf(image: string): string {
    const times = (this.#times.get(image) ?? 0) + 1;
    this.#times.set(image, times);
    const { dir, name } = posix.parse(image);
    return (dir === '' ? name : `${dir}/${name}`) + (times > 1 ? `#${times}` : '');
  }
}
