/**
 * An app that imports `@tensorflow/tfjs` beside our packages has one engine, and no code twice: as ES modules and as CommonJS in Node, and
 * bundled by Vite for a page.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Chained operations are the app's, gradients of plain operations come with either, fused ones are ours. */
const USE = `
async function main() {
  await registerWasmBackend({ threads: 1 });
  await tf.setBackend('wasm');
  const x = tf.tensor2d([[1, 2]]);
  const squares = core.grad(v => core.sum(core.square(v)))(x.mul(2));
  const ours = core.grad(v => core.sum(layerNorm(v, core.ones([2]), core.zeros([2]))))(x);
  console.log(JSON.stringify([tf.engine() === core.engine(), core.getBackend(), squares.arraySync(), ours.shape]));
}
main();
`;
const MODULES = {
  tf: '@tensorflow/tfjs',
  core: '@tensorflow/tfjs-core',
  '{ layerNorm }': '@simvlm/ops',
  '{ registerWasmBackend }': '@simvlm/backend-wasm',
};
const EXPECTED = JSON.stringify([true, 'wasm', [[4, 8]], [1, 2]]);

/** @param folder where everything is installed, `@tensorflow/tfjs` and Vite included */
export async function checkOneEngine(folder) {
  const lines = write => Object.entries(MODULES).map(([name, from]) => write(name, from));
  const asModule = lines((name, from) => `import ${name[0] === '{' ? name : `* as ${name}`} from '${from}';`);
  const programs = {
    'one-engine.mjs': [...asModule, USE],
    'one-engine.cjs': [...lines((name, from) => `const ${name} = require('${from}');`), USE],
  };
  for (const [file, parts] of Object.entries(programs)) {
    writeFileSync(join(folder, file), parts.join('\n'));
    const { stdout } = await exec('node', [file], { cwd: folder, timeout: 120_000 });
    // tfjs's CPU backend prints advice.
    const printed = stdout.trim().split('\n').at(-1);
    if (printed !== EXPECTED) throw new Error(`${file} prints ${printed} instead of ${EXPECTED}`);
  }
  await checkBundle(folder, programs['one-engine.mjs'].join('\n'));
}

async function checkBundle(folder, program) {
  const app = join(folder, 'one-engine');
  mkdirSync(app);
  writeFileSync(join(app, 'index.html'), '<script type="module" src="./main.js"></script>');
  writeFileSync(join(app, 'main.js'), program);
  const vite = createRequire(join(folder, 'package.json')).resolve('vite');
  const { build } = await import(pathToFileURL(vite).href);
  const { output } = await build({ root: app, logLevel: 'error', build: { write: false } });
  const bundled = output.flatMap(({ modules }) => Object.keys(modules ?? {}));
  const counts = [
    'tfjs-core/dist/engine.js',
    'tfjs-core/dist/gradients/Add_grad.js',
    'tfjs-backend-cpu/dist/backend_cpu.js',
  ].map(end => [end, bundled.filter(id => id.endsWith(end)).length]);
  const wrong = counts.filter(([, count]) => count !== 1);
  if (wrong.length > 0) throw new Error(`in the page of Vite: ${JSON.stringify(wrong)} instead of one each`);
  if (bundled.some(id => id.endsWith('.cjs') && id.includes('gradients')))
    throw new Error('the page has the gradients that are meant for Node');
}
