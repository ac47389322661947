/** The PyTorch reference, where there is one: the fixtures of the conformance suite are what it computes, and it computes what we do. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@simvlm/checkpoint';
import { goldenNames } from '@simvlm/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../scripts/parts/needs';
import { pythonWithTorch } from '../../scripts/parts/python';

const { describe } = await needs('pytorch');
const here = fileURLToPath(new URL('.', import.meta.url));
const fixtures = fileURLToPath(new URL('../../conformance/fixtures/simvlm/', import.meta.url));
/** Numbers are stored as float32; another PyTorch may sum in another order. */
const TOLERANCE = 1e-6;

describe('the PyTorch reference', { timeout: 600_000 }, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'simvlm-reference-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const python = () => pythonWithTorch().python;
  const run = (command: string, args: string[]) => execFileSync(command, args, { encoding: 'utf8' });

  test('makes the fixtures of the conformance suite again', () => {
    run(python(), [join(here, 'golden.py'), join(folder, 'golden')]);
    for (const name of goldenNames) {
      const [made, stored] = [join(folder, 'golden', name), join(fixtures, name)];
      const json = (path: string) => {
        const { versions, ...rest } = JSON.parse(readFileSync(join(path, 'golden.json'), 'utf8'));
        expect(versions).toEqual({ PyTorch: expect.any(String) });
        return rest;
      };
      expectAlike(json(made), json(stored), name);
      for (const file of ['weights.safetensors', 'expected.safetensors']) {
        const tensors = (path: string) => readSafetensors(readFileSync(join(path, file))).tensors;
        const wanted = tensors(stored);
        expect([...tensors(made).keys()]).toEqual([...wanted.keys()]);
        for (const [tensor, { shape, values }] of tensors(made)) {
          expect(shape).toEqual(wanted.get(tensor)!.shape);
          expectAlike([...values], [...wanted.get(tensor)!.values], `${name} ${tensor}`);
        }
      }
    }
  });

  test('takes our weights, and computes our logits, losses, gradients and greedy texts', () => {
    run(process.execPath, ['--import', 'tsx', join(here, 'export.ts'), join(folder, 'export'), 'wasm']);
    const report = run(python(), [join(here, 'check.py'), join(folder, 'export')]);
    const lines = report.trim().split('\n');
    expect(lines.length).toBe(6);
    for (const line of lines) expect(line).toMatch(/^same /);
  });
});

/** The same structure and text; numbers within the tolerance of 1 or of themselves. */
function expectAlike(a: unknown, b: unknown, where: string): void {
  if (typeof a === 'number' && typeof b === 'number') {
    if (!(Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b)))) expect(a, where).toBe(b);
  } else if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    if (!Array.isArray(a) || a.length !== (b as unknown[]).length)
      expect(Object.keys(a), where).toEqual(Object.keys(b));
    for (const [key, value] of Object.entries(a))
      expectAlike(value, (b as Record<string, unknown>)[key], `${where}.${key}`);
  } else expect(a, where).toEqual(b);
}
