/**
 * Writes `generated/gradients.js`, which imports the gradients of tfjs-core where bundlers find them, and `generated/gradients.cjs`, the
 * same for Node.
 *
 * `@tensorflow/tfjs-core` keeps its gradients in ES modules that Node cannot import (no `"type": "module"`, imports without extensions),
 * and its CommonJS build leaves them out. So for Node they are bundled here. Everything that tfjs-core exports stays an import of it, so
 * that there is one engine; only the few operations that gradients alone use are copied in.
 *
 * Depends on the installed tfjs-core alone, so `pnpm install` runs it (`prepare`).
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const core = require('@tensorflow/tfjs-core');
const folder = dirname(require.resolve('@tensorflow/tfjs-core'));
const generated = fileURLToPath(new URL('../generated/', import.meta.url));
/** The gradients, and the two methods of tensors that tfjs-core itself calls (`gather` and `prod` in their gradients, `tf.variable`). */
const modules = ['register_all_gradients', 'public/chained_ops/cast', 'public/chained_ops/reshape'];

mkdirSync(generated, { recursive: true });
const imports = modules.map(name => `import '@tensorflow/tfjs-core/dist/${name}.js';\n`).join('');
// Renamed into place: a page that loads meanwhile, as the browser tests do beside a build, gets the old file or the new one, never half.
const file = join(generated, 'gradients.js');
writeFileSync(`${file}.tmp`, imports);
renameSync(`${file}.tmp`, file);
await build({
  stdin: { contents: imports, resolveDir: generated },
  outfile: join(generated, 'gradients.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: false,
  legalComments: 'eof',
  plugins: [{ name: 'one-engine', setup }],
  logLevel: 'warning',
});

function setup(bundler) {
  bundler.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, ({ path }) => ({ path, external: true }));
  bundler.onLoad({ filter: /\.js$/ }, read);
}

/** A module of tfjs-core: itself where it is a gradient or private, else the same names from the package's public index. */
function read({ path }) {
  const contents = readFileSync(path, 'utf8');
  const name = relative(folder, path).replaceAll('\\', '/');
  if (name.startsWith('gradients/') || modules.includes(name.replace(/\.js$/, ''))) return { contents };
  return { contents: publicForm(name, contents) ?? contents, loader: 'js', resolveDir: dirname(path) };
}

function publicForm(name, contents) {
  if (name === 'engine.js') {
    return "import { engine } from '@tensorflow/tfjs-core';\nexport const ENGINE = engine();";
  }
  if (name === 'tensor.js') {
    return `import { Tensor, TensorBuffer, Variable } from '@tensorflow/tfjs-core';
export { Tensor, TensorBuffer, Variable };
export const getGlobalTensorClass = () => Tensor;`;
  }
  if (name === 'base.js') return "export { backend_util } from '@tensorflow/tfjs-core';";
  if (name === 'util.js') return namesOf('util', Object.keys(core.util));
  const names = [...contents.matchAll(/^export (?:const|let|var|function|class) (\w+)/gm)].map(
    ([, each]) => each,
  );
  if (names.length === 0) return undefined;
  if (names.every(each => each in core)) {
    return `export { ${names.join(', ')} } from '@tensorflow/tfjs-core';`;
  }
  const group = ['backend_util', 'util', 'slice_util'].find(key => names.every(each => each in core[key]));
  return group && namesOf(group, names);
}

function namesOf(group, names) {
  return `import { ${group} } from '@tensorflow/tfjs-core';\nexport const { ${names.join(', ')} } = ${group};`;
}
