import {
  DataError,
  decodeText,
  type JsonValue,
  parseJson,
  type Sample,
  type SampleImage,
} from '@simvlm/core';
import { type ColumnMap, columnsOf, compact, type Role, recordParts, textOf } from './columns';

/** In a sample's JSON: its key, where that could not be the name of files. */
export const KEY_FIELD = '__key__';

/** What a member of a sample can be, by its extension and the names that somebody chose. */
export type MemberKind = 'image' | 'text' | 'label' | 'json' | 'other';

/** The endings of pictures. */
export const PICTURES: ReadonlySet<string> = new Set([
  'jpg',
  'jpeg',
  'png',
  'webp',
  'gif',
  'bmp',
  'avif',
  'tif',
  'tiff',
]);

/**
 * Key and extension of a member, as webdataset has them: up to the first dot of the file's name, and behind it, in lower case. Undefined
 * for members that it passes over.
 */
export function splitName(name: string): { readonly key: string; readonly extension: string } | undefined {
  if (/^__[^/]*__($|\/)/.test(name)) return undefined;
  const [, key, extension] = /^((?:.*\/|)[^.]+)\.([^/]*)$/s.exec(name) ?? [];
  return key === undefined ? undefined : { key, extension: extension!.toLowerCase() };
}

export function memberKind(extension: string, map: ColumnMap): MemberKind {
  for (const kind of ['image', 'text', 'label'] as const) if (map[kind] === extension) return kind;
  const last = extension.slice(extension.lastIndexOf('.') + 1);
  if (PICTURES.has(last)) return map.image === undefined ? 'image' : 'other';
  if (last === 'txt') return map.text === undefined ? 'text' : 'other';
  if (extension === 'cls') return map.label === undefined ? 'label' : 'other';
  return extension === 'json' ? 'json' : 'other';
}

/** The members of a sample as they are read, one after another. */
export class SampleBuilder {
  readonly key: string;
  readonly #shard: string;
  readonly #map: ColumnMap;
  readonly #names = new Set<string>();
  readonly #images: SampleImage[] = [];
  readonly #texts = new Map<string, string>();
  #label: number | undefined;
  #statedKey: string | undefined;
  #record: Readonly<Record<string, JsonValue>> = {};
  #problem: DataError | undefined;

  /** @param shard for messages */
  constructor(key: string, shard: string, map: ColumnMap) {
    this.key = key;
    this.#shard = shard;
    this.#map = map;
  }

  /** Notes a member. The sample cannot be used when its name stands there twice, or it is empty. */
  begin(extension: string, size: number): void {
    if (this.#names.has(extension)) this.fail(`"${extension}" is there twice`);
    if (size === 0) this.fail(`its "${extension}" is empty`);
    this.#names.add(extension);
  }

  addImage(image: SampleImage): void {
    this.#images.push(image);
  }

  /** Takes a text, a label or JSON. */
  addContent(kind: MemberKind, extension: string, bytes: Uint8Array): void {
    const where = `${this.#shard}: "${this.key}.${extension}"`;
    try {
      if (kind === 'json') {
        const value = parseJson(bytes, where);
        this.#takeRecord(isRecord(value) ? value : { json: value });
      } else {
        const text = textOf(decodeText(bytes, where), 'its content', where);
        if (text === undefined) this.fail(`its "${extension}" holds no text`);
        else if (kind === 'text') this.#texts.set(extension, text);
        else if (/^\s*-?\d{1,15}\s*$/.test(text)) this.#label = Number(text);
        else this.fail(`its "${extension}" is no whole number: ${JSON.stringify(text.slice(0, 40))}`);
      }
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#problem ??= error;
    }
  }

  /** Says why the sample cannot be used; the first reason stays. */
  fail(reason: string): void {
    this.#problem ??= new DataError('DATA_INVALID', `${this.#shard}: sample "${this.key}": ${reason}`);
  }

  finish(): { readonly sample: Sample } | { readonly problem: DataError } {
    try {
      const parts = this.#recordParts();
      if (this.#problem) return { problem: this.#problem };
      return { sample: { key: this.#statedKey ?? this.key, images: this.#images, ...parts } };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { problem: error };
    }
  }

  #takeRecord({ [KEY_FIELD]: key, ...record }: Readonly<Record<string, JsonValue>>): void {
    this.#statedKey = textOf(key, KEY_FIELD, this.#shard);
    this.#record = record;
  }

  /** What members of their own say stands before what JSON says. */
  #recordParts() {
    const keys = Object.keys(this.#record);
    const inRecord = Object.entries(this.#map).filter(([role, name]) => {
      if (this.#names.has(name) && memberKind(name, this.#map) === role) return false;
      if (!keys.includes(name)) this.fail(`it has neither a member nor a JSON key "${name}" for ${role}`);
      return keys.includes(name);
    });
    const where = `${this.#shard}: "${this.key}.json"`;
    const columns = new Map(columnsOf(keys, Object.fromEntries(inRecord), where));
    // Pictures lie beside the JSON, the key is the members', and an address says only where a picture came from.
    for (const role of ['key', 'image', 'url'] satisfies Role[]) columns.delete(role);
    if (this.#texts.size > 0) columns.delete('text');
    if (this.#texts.size > 1) columns.delete('texts');
    const texts = [...this.#texts.values()];
    return compact({
      ...recordParts(this.#record, columns, where),
      ...(texts.length > 0 && { text: this.#texts.get('txt') ?? texts[0] }),
      ...(texts.length > 1 && { texts }),
      ...(this.#label !== undefined && { label: this.#label }),
    });
  }
}

function isRecord(value: JsonValue): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
