import { readFileSync } from 'node:fs';
import { parameterCount } from '@simvlm/core';
import { expect, test } from 'vitest';
import { convStage, modelParameters, type Preset, presets } from '../src/index';
import { kinds } from './kinds';
import { architectures, tinyConfig } from './tiny';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const section = (title: string) => readme.split(`## ${title}\n`)[1]!.split('\n## ')[0]!;
const firstCells = (text: string) => [...text.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm)];

test('the table of names holds every weight of every kind of model, and no other', () => {
  const patterns = firstCells(section('Names of the weights')).map(([, name]) => ({
    name: name!,
    // `I`, `S` and `B` count; braces list.
    matches: new RegExp(
      `^${name!
        .replaceAll('.', '\\.')
        .replace('stageS\\.B', 'stage\\d+\\.\\d+')
        .replace('.I\\.', '.\\d+\\.')
        .replace(/\{([^}]+)\}/g, (_, list: string) => `(${list.replaceAll(',', '|')})`)}$`,
    ),
  }));
  const lora = { rank: 2, targets: ['*'] };
  const configs = [
    ...architectures.flatMap(architecture =>
      [tinyConfig({ lora }), { ...tinyConfig(), ...presets['emoji-tiny']! }].map(config => ({
        ...config,
        architecture,
      })),
    ),
    ...Object.values(kinds).map(change => tinyConfig({ ...change, lora })),
  ];
  const names = new Set(configs.flatMap(config => modelParameters(config).names()));
  expect(patterns.length).toBeGreaterThan(20);
  for (const name of names) expect(patterns.filter(({ matches }) => matches.test(name)).length, name).toBe(1);
  for (const { name, matches } of patterns)
    expect(
      [...names].some(known => matches.test(known)),
      name,
    ).toBe(true);
});

test('the table of presets has the parameter counts of the presets', () => {
  const rows = firstCells(section('Presets'));
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(presets));
  for (const [, name, cells] of rows) {
    const vocabSize = name!.startsWith('emoji') ? 1500 : 32_000;
    const count = parameterCount(
      modelParameters({ ...presets[name!]!, vocabSize, tokens: { pad: 0, bos: 2, eos: 3 } }),
    );
    const stated = cells!.split('|').at(-1)!.trim().replace(',', '').replace(' M', '');
    const decimals = stated.split('.')[1]?.length ?? 0;
    expect((count / 1e6).toFixed(decimals), name).toBe(stated);
  }
});

test('the tables of parts and of conv stages have the counts of the presets', () => {
  const cells = (title: string) =>
    section('Presets')
      .split('\n')
      .filter(line => line.startsWith(`| ${title} `))
      .map(line =>
        line
          .split('|')
          .slice(2, -1)
          .map(cell => Number(cell.replaceAll(',', ''))),
      );
  const count = (preset: Preset, pattern: RegExp) =>
    parameterCount(
      modelParameters({ ...preset, vocabSize: 32_000, tokens: { pad: 0, bos: 2, eos: 3 } }).filter(name =>
        pattern.test(name),
      ),
    );
  const conv = /^patcher\.(?!out)/;
  const parts = {
    'conv stage': conv,
    'map to the width': /^patcher\.out/,
    embedding: /^embedding/,
    positions: /^positions/,
    encoder: /^encoder/,
    decoder: /^decoder/,
    all: /./,
  };
  for (const [title, pattern] of Object.entries(parts))
    expect(cells(title), title).toEqual([
      ['base', 'large', 'huge'].map(name => count(presets[name]!, pattern)),
    ]);
  for (const blocks of [0, 2, 3, 4] as const)
    expect(cells(`${blocks}`)[0]!.slice(1), `${blocks} blocks`).toEqual(
      (['resnet-101', 'resnet-152', 'resnet-152-wide'] as const).map(name =>
        count({ ...presets.base!, patcher: convStage(name, blocks) }, conv),
      ),
    );
});
