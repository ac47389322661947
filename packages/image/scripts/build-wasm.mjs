/**
 * Compiles `assembly/resize.ts` and writes `src/resize-binary.ts`, which is committed: it is 1 kB and rarely changes. A test compiles it again and
 * compares.
 */
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = new URL('../', import.meta.url);

export const written = new URL('src/resize-binary.ts', folder);

/** The text of `src/resize-binary.ts`. */
export async function compiled() {
  let binary;
  const { error, stderr } = await asc.main(
    [
      ...['assembly/resize.ts', '--outFile', 'resize.wasm', '--runtime', 'stub', '-O3', '--converge'],
      ...['--enable', 'simd', '--noAssert', '--uncheckedBehavior', 'always', '--disableWarning', '235'],
    ],
    {
      readFile: name => {
        const file = new URL(name, folder);
        return existsSync(file) ? readFileSync(file, 'utf8') : null;
      },
      writeFile: (_, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  const base64 = Buffer.from(binary).toString('base64');
  return `// Written by scripts/build-wasm.mjs from assembly/resize.ts.\nexport const binary =\n  '${base64}';\n`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  writeFileSync(written, await compiled());
