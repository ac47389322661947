import type { DecodeStream } from '../decoder';
import { pieceBytes } from './byte-alphabet';

/** Joins the bytes of pieces as UTF-8; what is none becomes U+FFFD, one for as many bytes as could begin a character. */
export class ByteStream implements DecodeStream {
  readonly #pieceOf: (id: number) => string;
  readonly #hidden: ReadonlySet<number>;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(pieceOf: (id: number) => string, hidden: ReadonlySet<number>) {
    this.#pieceOf = pieceOf;
    this.#hidden = hidden;
  }

  push(id: number): string {
    const piece = this.#pieceOf(id);
    return this.#hidden.has(id) ? '' : this.#decoder.decode(pieceBytes(piece), { stream: true });
  }

  end(): string {
    return this.#decoder.decode();
  }
}
