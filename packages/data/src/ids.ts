import { DataError } from '@simvlm/core';
import { withoutExtension } from './readers/table';

/** The ids of a `captions.jsonl`, each with the line that has it. */
export class Ids {
  readonly #file: string;
  /** Places in the two lists below. */
  readonly #places = new Map<string, number>();
  readonly #lines: number[] = [];
  readonly #images: (string | undefined)[] = [];
  /** How many lines without an id of their own name this image, where they are several. */
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
    const place = this.#places.get(id);
    if (place !== undefined)
      throw new DataError(
        'DATA_INVALID',
        `${this.#file}:${line}: the id "${id}" is that of line ${this.#lines[place]}; give one of them another "id"`,
      );
    this.#places.set(id, this.#lines.length);
    this.#lines.push(line);
    this.#images.push(own === undefined ? image : undefined);
    return id;
  }

  #idOf(image: string): string {
    const id = withoutExtension(image);
    const first = this.#places.get(id);
    if (first === undefined || this.#images[first] !== image) return id;
    const times = (this.#times.get(image) ?? 1) + 1;
    this.#times.set(image, times);
    return `${id}#${times}`;
  }
}
