import type { JsonValue } from '@simvlm/core';
import type { Activation } from '@simvlm/ops';
import { invalid, unsupported } from '../invalid';

type JsonObject = Readonly<Record<string, JsonValue>>;

/** What transformers calls the activations that are known here. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu-erf',
  gelu_python: 'gelu-erf',
  gelu_new: 'gelu',
  gelu_fast: 'gelu',
  gelu_pytorch_tanh: 'gelu',
  quick_gelu: 'quick-gelu',
};

/** A JSON object of another's configuration, whose values are checked as they are asked for; what is absent or null has the value given. */
export class ConfigObject {
  /**
   * @param where names the object in messages: the file, then the keys that lead there
   */
  constructor(
    readonly where: string,
    readonly json: JsonObject,
  ) {}

  /** A whole number from `min` to 10 million, which no size in a model is beyond. @throws CheckpointError for anything else */
  integer(key: string, absent: number, min = 1, max = 10_000_000): number {
    const value = this.#get(key) ?? absent;
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max)
      throw this.#wrong(key, `a whole number from ${min} to ${max}`);
    return value as number;
  }

  number(key: string, absent: number): number {
    const value = this.#get(key) ?? absent;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(key, 'a number');
    return value;
  }

  boolean(key: string, absent: boolean): boolean {
    const value = this.#get(key) ?? absent;
    if (typeof value !== 'boolean') throw this.#wrong(key, 'true or false');
    return value;
  }

  string(key: string): string | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.#wrong(key, 'a string');
    return value;
  }

  /** @throws CheckpointError CHECKPOINT_MISMATCH for one that is not known */
  activation(key: string, absent: string): Activation {
    const name = this.string(key) ?? absent;
    if (!Object.hasOwn(ACTIVATIONS, name))
      throw unsupported(
        `${this.where}: ${key} is "${name}"; activations that can be imported: ${Object.keys(ACTIVATIONS).join(', ')}`,
      );
    return ACTIVATIONS[name]!;
  }

  /** One of the three numbers a colour. */
  colours(key: string, absent: readonly [number, number, number]): readonly [number, number, number] {
    const value = this.#get(key);
    if (value === undefined) return absent;
    if (!Array.isArray(value) || value.length !== 3 || value.some(each => typeof each !== 'number'))
      throw this.#wrong(key, 'a list of three numbers');
    return value as [number, number, number];
  }

  /** The names in a list. */
  strings(key: string): readonly string[] {
    const value = this.#get(key) ?? [];
    if (!Array.isArray(value) || value.some(each => typeof each !== 'string'))
      throw this.#wrong(key, 'a list of names');
    return value as string[];
  }

  /** An object within, an empty one where there is none. */
  object(key: string): ConfigObject {
    const value = this.#get(key) ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(key, 'an object');
    return new ConfigObject(`${this.where}: ${key}`, value as JsonObject);
  }

  /** What is there, unchecked; undefined where it is absent or null. */
  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  /** @throws CheckpointError unless the value is the one that is known here, or absent */
  mustBe(key: string, expected: JsonValue): void {
    const value = this.#get(key);
    if (value !== undefined && value !== expected)
      throw unsupported(
        `${this.where}: ${key} is ${JSON.stringify(value)}; only ${JSON.stringify(expected)} can be imported`,
      );
  }

  #get(key: string): JsonValue | undefined {
    return Object.hasOwn(this.json, key) ? (this.json[key] ?? undefined) : undefined;
  }

  #wrong(key: string, expected: string) {
    return invalid(
      `${this.where}: ${key} must be ${expected}, and is ${JSON.stringify(this.json[key])?.slice(0, 100)}`,
    );
  }
}
