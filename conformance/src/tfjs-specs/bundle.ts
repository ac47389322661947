import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

/** The specs of operations with their gradients, of optimisers, tensors and variables. What else is there needs no backend, or a browser. */
const WANTED = /^(ops\/.*|optimizers\/.*|gradients|tensor|variable)_test\.js$/;

/** Folder of the code and the specs that `@tensorflow/tfjs-core` publishes. */
function coreFolder(): string {
  return dirname(require.resolve('@tensorflow/tfjs-core'));
}

function specFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map(file => file.split(sep).join('/'))
    .filter(file => WANTED.test(file))
    .sort();
}

/**
 * Writes the specs into one CommonJS file that exports `setTestEnvs`, tfjs's own, and `declareSpecs()`, which reads them. Node cannot
 * import them as they are: they are ES modules in a package that does not say so.
 */
export async function bundleSpecs(file: string): Promise<void> {
  const folder = coreFolder();
  const at = (name: string): string => JSON.stringify(join(folder, name));
  const reads = specFiles(folder).map(name => `require(${at(name)});`);
  // The specs use both, which tfjs-core does not register by itself.
  const contents = `import ${at('register_all_gradients.js')};
import ${at('public/chained_ops/register_all_chained_ops.js')};
export { setTestEnvs } from ${at('jasmine_util.js')};
export function declareSpecs() {
${reads.join('\n')}
}`;
  const jasmine = 'jasmine-core/lib/jasmine-core/jasmine.js';
  await build({
    stdin: { contents, resolveDir: folder },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    alias: { [jasmine]: require.resolve(jasmine) },
    logLevel: 'error',
  });
}
