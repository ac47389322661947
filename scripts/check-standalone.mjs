/**
 * Packages stand alone: packs every package, installs the tarballs with npm in an empty folder, runs the first
 * README example of each as an ES module and as CommonJS, and bundles the browser ones with Vite: no warning allowed. Measures what an
 * installation and a page weigh (check-sizes.mjs). Then the example of a plug-in does its work there.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { checkOneEngine } from './check-one-engine.mjs';
import { checkPlugin } from './check-plugin.mjs';
import { checkSizes } from './check-sizes.mjs';
import { pack } from './pack.mjs';
import { packageIn, packages, root } from './packages.mjs';

const exec = promisify(execFile);
/** Packages that read files or native modules and so are for Node only. */
const nodeOnly = new Set([
  '@simvlm/checkpoint-emoji',
  '@simvlm/dataset-emoji',
  '@simvlm/dataset-icons',
  'simvlm',
]);
const folder = mkdtempSync(join(tmpdir(), 'simvlm-standalone-'));
const failures = [];

try {
  const tarballs = {};
  const plugin = packageIn(`${root}examples/plugin-every-kind`);
  for (const entry of [...packages, plugin])
    tarballs[entry.name] = `file:${await pack(entry, process.env.SIMVLM_PACKED ?? join(folder, 'packed'))}`;
  const manifest = {
    name: 'standalone',
    private: true,
    dependencies: {
      ...tarballs,
      '@tensorflow/tfjs': '4.22.0',
      '@tensorflow/tfjs-core': '4.22.0',
      '@tensorflow/tfjs-backend-cpu': '4.22.0',
      sharp: '0.35.5',
      ...emojiArtwork(),
    },
    devDependencies: { vite: '^8.0.0' },
    // The tarballs ask for one another by version; none of them is in a registry yet.
    overrides: tarballs,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  await exec('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    maxBuffer: 1 << 26,
  });
  console.log(`${packages.length} packages installed by npm in an empty folder`);

  for (const { folder: source, name } of packages) {
    const shown = firstExample(readFileSync(join(source, 'README.md'), 'utf8'));
    if (!shown) {
      failures.push(`${name}: no \`\`\`ts example in its README`);
      continue;
    }
    const example = withoutTypes(shown);
    const file = name.replace(/[@/]/g, '_');
    writeFileSync(join(folder, `${file}.mjs`), example);
    writeFileSync(join(folder, `${file}.cjs`), toCommonJs(example));
    await attempt(`${name} from ESM`, () => runExample(`${file}.mjs`));
    await attempt(`${name} from CommonJS`, () => runExample(`${file}.cjs`));
    if (!nodeOnly.has(name)) await attempt(`${name} bundled by Vite`, () => bundle(name, file));
  }
  await attempt('@tensorflow/tfjs beside our packages', () => checkOneEngine(folder));
  await attempt('what is installed and loaded is small', () => checkSizes(folder, tarballs));
  await attempt('a plug-in with a part of every kind', () => checkPlugin(folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** What the example of the emoji needs, as its README has it installed. */
function emojiArtwork() {
  return packages.find(({ name }) => name === '@simvlm/dataset-emoji').manifest.peerDependencies;
}

function firstExample(readme) {
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
}

/** Node 20 runs no TypeScript; that the types are right is for scripts/code-blocks.test.ts to say. */
function withoutTypes(code) {
  const compilerOptions = { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: true };
  return ts.transpileModule(code, { compilerOptions }).outputText;
}

function toCommonJs(code) {
  return code
    .replace(/^import \* as (\w+) from ('[^']+');/gm, 'const $1 = require($2);')
    .replace(
      /^import \{([^}]+)\} from ('[^']+');/gm,
      (_, names, from) => `const {${names.replace(/ as /g, ': ')}} = require(${from});`,
    )
    .replace(/^import (\w+) from ('[^']+');/gm, 'const $1 = require($2);')
    .replace(/^import ('[^']+');/gm, 'require($1);');
}

async function runExample(file) {
  const { stdout } = await exec('node', [file], { cwd: folder, timeout: 120_000 });
  if (stdout.trim() === '') throw new Error('the example printed nothing');
}

async function bundle(name, file) {
  const app = join(folder, `app-${file}`);
  mkdirSync(app);
  writeFileSync(join(app, 'index.html'), '<script type="module" src="./main.js"></script>');
  writeFileSync(join(app, 'main.js'), `import * as all from '${name}';\nglobalThis.all = all;\n`);
  // How large a chunk may be is for the application to say; every other word of Vite is a defect of ours.
  writeFileSync(
    join(app, 'vite.config.mjs'),
    'export default { build: { chunkSizeWarningLimit: Number.POSITIVE_INFINITY } };\n',
  );
  const vite = join(folder, 'node_modules/.bin/vite');
  const { stdout, stderr } = await exec(vite, ['build', app, '--logLevel', 'warn'], {
    cwd: folder,
    timeout: 120_000,
  });
  const said = `${stdout}${stderr}`.split('\n').filter(line => line.trim() !== '');
  if (said.length > 0) throw new Error(said.join('\n'));
}

async function attempt(what, action) {
  try {
    await action();
    console.log(`${what}: works`);
  } catch (error) {
    failures.push(`${what}: ${error.stderr || error.message}`);
  }
}
