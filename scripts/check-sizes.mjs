/**
 * What our packages cost those who install them, with limits: folders of `node_modules`, and the script of the page that captions a
 * picture, without the weights.
 */
import { execFile } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { root } from './packages.mjs';

const exec = promisify(execFile);
const MEGABYTE = 2 ** 20;

/**
 * Packages that somebody installs with npm in an empty folder, and the MiB that they may take on disk. tfjs-core alone takes 40, most of it
 * sources and maps. The aim for `simvlm` is 120; above it are tfjs-backend-webgpu (18), @huggingface/hub (11) and apache-arrow (9).
 */
const INSTALLS = [
  { packages: ['simvlm'], limit: 145 },
  { packages: ['@simvlm/model', '@simvlm/backend-wasm', '@tensorflow/tfjs-core'], limit: 60 },
];
/**
 * The kilobytes of script, compressed by gzip, that the page of examples/caption-anywhere loads before it can caption without a GPU. The aim
 * is 150; above it are the stemmers of all languages that METEOR brings, the metrics and zod.
 */
const PAGE_LIMIT = 320;

/**
 * @param folder where everything is installed, with Vite
 * @param tarballs our packages by name, as npm takes them in any folder
 * @throws where something is larger than its limit
 */
export async function checkSizes(folder, tarballs) {
  const rows = [];
  for (const { packages, limit } of INSTALLS) {
    const size = await installedBytes(folder, packages, tarballs);
    rows.push({
      what: `npm install ${packages.join(' ')}`,
      size: size / MEGABYTE,
      limit,
      unit: 'MiB on disk',
    });
  }
  const page = await pageBytes(folder);
  rows.push({
    what: 'script of examples/caption-anywhere',
    size: page / 1e3,
    limit: PAGE_LIMIT,
    unit: 'kB gzip',
  });
  const lines = rows.map(({ what, size, limit, unit }) => `${what}: ${size.toFixed(1)} of ${limit} ${unit}`);
  console.log(lines.join('\n'));
  const over = lines.filter((_, index) => rows[index].size > rows[index].limit);
  if (over.length > 0) throw new Error(`too large: ${over.join('; ')}`);
}

async function installedBytes(folder, names, tarballs) {
  const place = join(folder, `install-${names[0].replace(/\W/g, '-')}`);
  mkdirSync(place);
  const dependencies = Object.fromEntries(names.map(name => [name, tarballs[name] ?? '4.22.0']));
  const manifest = { name: 'sizes', private: true, dependencies, overrides: tarballs };
  writeFileSync(join(place, 'package.json'), JSON.stringify(manifest));
  const options = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', '--ignore-scripts'];
  await exec('npm', ['install', ...options], { cwd: place, maxBuffer: 1 << 26 });
  return bytesBelow(join(place, 'node_modules'));
}

/** As `du` counts: a file takes whole blocks of 4 KiB. */
function bytesBelow(path) {
  const status = lstatSync(path);
  if (!status.isDirectory()) return Math.ceil(status.size / 4096) * 4096;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 4096);
}

/** Of the script and what it imports; what it loads when it is needed, such as the backend for GPUs, does not count. */
async function pageBytes(folder) {
  const page = join(folder, 'page');
  mkdirSync(page);
  for (const name of ['index.html', 'src']) {
    cpSync(join(root, 'examples/caption-anywhere', name), join(page, name), { recursive: true });
  }
  const vite = createRequire(join(folder, 'package.json')).resolve('vite');
  const { build } = await import(pathToFileURL(vite).href);
  const { output } = await build({ root: page, logLevel: 'error', build: { write: false } });
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map(chunk => [chunk.fileName, chunk]));
  const loaded = new Set(
    [...chunks.values()].filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName),
  );
  for (const name of loaded) for (const next of chunks.get(name).imports) loaded.add(next);
  return [...loaded].reduce((sum, name) => sum + gzipSync(chunks.get(name).code).length, 0);
}
