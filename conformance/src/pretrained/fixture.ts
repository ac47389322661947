import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { collect, memoryCheckpoint, readSafetensors, type SafeTensors } from '@simvlm/checkpoint';
import type { RgbImage } from '@simvlm/core';
import { decodeImage, squareImage } from '@simvlm/image';
import {
  type BeamOptions,
  type GenerateRequest,
  openSimVlm,
  pictureSquare,
  type SimVlm,
  type SimVlmConfig,
} from '@simvlm/model';
import { type ImportedModel, importedContents, openPretrained } from '@simvlm/pretrained';
import { openPretrainedFolder } from '@simvlm/pretrained/node';

const root = new URL('../../../packages/pretrained/fixtures/', import.meta.url);

/** The folders that transformers wrote, of which it also said what it makes of some pictures. */
export const pretrainedNames = readdirSync(new URL('expected/', root))
  .filter(file => file.endsWith('.json'))
  .map(file => file.replace(/\.json$/, ''));
export type PretrainedName = string;

export interface ExpectedText {
  readonly tokens: readonly number[];
  readonly finished: boolean;
  readonly score?: number;
}

/** What transformers says of a model: see `packages/pretrained/fixtures/scripts/write.py`. */
export interface Expected {
  /** The text whose log-probabilities are known. */
  readonly text: readonly number[];
  /** New tokens at most. */
  readonly limit: number;
  readonly rows: readonly {
    readonly picture: string;
    readonly prompt: readonly number[];
    /** Of the tokens of the text, and of its end. */
    readonly logProbs: readonly number[];
  }[];
  readonly greedy: readonly ExpectedText[];
  /** Of each row its best texts. */
  readonly beams: readonly (Omit<BeamOptions, 'kind'> & {
    readonly captions: number;
    readonly texts: readonly (readonly ExpectedText[])[];
  })[];
  /** Ids of each line of `lines.json`, and what they are decoded to: of one fixture of each kind. */
  readonly tokenizer?: readonly (readonly number[])[];
  readonly decoded?: readonly string[];
}

export function readExpected(name: PretrainedName): Expected & Pick<SafeTensors, 'tensors'> {
  const { tensors } = readSafetensors(readFileSync(new URL(`expected/${name}.safetensors`, root)));
  return { ...JSON.parse(readFileSync(new URL(`expected/${name}.json`, root), 'utf8')), tensors };
}

/** What transformers writes under rules for the next token: see `packages/pretrained/fixtures/scripts/rules.py`. */
export interface RuledSearches {
  /** New tokens at most. */
  readonly limit: number;
  readonly searches: readonly (Pick<GenerateRequest, 'repetitionPenalty' | 'noRepeatNgram' | 'minLength'> & {
    /** 1: greedy. */
    readonly beams: number;
    /** Of each row the best text. */
    readonly texts: readonly ExpectedText[];
  })[];
}

/** Of one folder of each family; undefined of the others. */
export function readRules(name: PretrainedName): RuledSearches | undefined {
  const file = new URL(`rules/${name}.json`, root);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

export function readLines(): readonly string[] {
  return JSON.parse(readFileSync(new URL('lines.json', root), 'utf8'));
}

/** A folder as the model that is imported of it. */
export async function importFixture(name: PretrainedName): Promise<SimVlm> {
  return openSimVlm(memoryCheckpoint(await collect(importedContents(await openFixture(name)))));
}

/** A folder of transformers, opened. */
export async function openFixture(name: PretrainedName): Promise<ImportedModel> {
  return openPretrained(await openPretrainedFolder(fileURLToPath(new URL(name, root))));
}

/** A picture as such a model reads it. */
export async function readSquare(picture: string, config: SimVlmConfig): Promise<RgbImage> {
  const decoded = await decodeImage(await readFile(new URL(`pictures/${picture}`, root)));
  return squareImage(decoded, pictureSquare(config));
}
