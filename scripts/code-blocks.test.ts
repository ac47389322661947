import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { codeBlocks } from './code-blocks';

const root = fileURLToPath(new URL('..', import.meta.url));
const blocks = codeBlocks();

/** Files that pages show and that the repository's own type check leaves out, as they are JavaScript. */
const shownScripts = ['examples/plugin-last-word/last-word.mjs'];

test('pages show programs', () => {
  expect(blocks.length).toBeGreaterThan(30);
});

test('every program that a page shows is right under `strict`', () => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: ['x.ts'] },
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost({ ...options, checkJs: true, allowJs: true });
  // Beside their page, so that they import what a reader's program would.
  const sources = new Map(blocks.map(({ code, page }, i) => [`${root}${page}.${i}.ts`, code]));
  const { getSourceFile, fileExists } = host;
  host.fileExists = file => sources.has(file) || fileExists.call(host, file);
  host.getSourceFile = (file, target, ...rest) => {
    const code = sources.get(file);
    // A program is a module, whatever it imports.
    if (code !== undefined) return ts.createSourceFile(file, `${code}\nexport {};\n`, target, true);
    return getSourceFile.call(host, file, target, ...rest);
  };
  const scripts = shownScripts.map(file => root + file);
  const program = ts.createProgram(
    [...sources.keys(), ...scripts],
    {
      ...options,
      checkJs: true,
      allowJs: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noUncheckedIndexedAccess: false,
    },
    host,
  );
  const names = [...blocks.map(({ at }) => at), ...shownScripts];
  const wrong = [...sources.keys(), ...scripts].flatMap((file, i) => {
    const source = program.getSourceFile(file)!;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const line = source.getFullText().slice(0, start).split('\n').length;
      return `${names[i]}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
  expect(wrong).toEqual([]);
});
