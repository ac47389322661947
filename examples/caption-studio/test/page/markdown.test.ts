import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Formatted, Markdown } from '../../src/page/parts/markdown';

test.each(['checkpoint-emoji/README.md', 'dataset-emoji/ATTRIBUTION.md'])('%s is formatted', path => {
  const source = readFileSync(new URL(`../../../../packages/${path}`, import.meta.url), 'utf8');
  expect(Markdown({ source }).type).toBe(Formatted);
});

test('a card that would keep the formatter busy for minutes is shown as it is written', () => {
  const source = '*a_ '.repeat(60_000);
  const { type, props } = Markdown({ source });
  expect(type).toBe('div');
  expect(props.children).toMatchObject({ type: 'pre', props: { children: source } });
});
