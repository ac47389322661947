/**
 * Compiles the files of `assembly/` that export kernels (the others hold what they share) and writes
 * `src/generated/wasm.ts`: the binary as base64, the names of its kernels, and a hash of the sources.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(folder, 'assembly');
const generated = join(folder, 'src', 'generated');

export const generatedFile = join(generated, 'wasm.ts');

/** A hash of all that decides the binary: the AssemblyScript sources and this script. */
export function sourceHash() {
  const hash = createHash('sha256');
  const files = [...sources(assembly), fileURLToPath(import.meta.url)];
  for (const file of files)
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return hash.digest('hex').slice(0, 32);
}

export async function build() {
  const hash = sourceHash();
  const entries = readdirSync(assembly).filter(isSource).sort().filter(hasKernel);
  const files = new Map();
  // Imported here, so that a check that finds the binary up to date does not load the compiler.
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main(
    [
      ...entries.map(name => `assembly/${name}`),
      ...['--outFile', 'kernels.wasm', '--textFile', 'kernels.wat', '--runtime', 'stub', '-O3', '--converge'],
      ...['--enable', 'simd', '--enable', 'threads', '--noAssert', '--uncheckedBehavior', 'always'],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
      ...['--noExportMemory', '--disableWarning', '235'],
    ],
    {
      readFile: (name, base) => readOrNull(join(base === '.' ? folder : join(folder, base), name)),
      writeFile: (name, contents) => void files.set(name, contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  const warnings = stderr.toString().replace('Last converge was suboptimal.', '').trim();
  if (warnings) console.error(warnings);

  const binary = files.get('kernels.wasm');
  // A data segment would be written again by each thread that instantiates the module over the shared memory.
  if (sectionIds(binary).includes(11))
    throw new Error('the module has a data segment: use no strings, no arrays');
  const names = WebAssembly.Module.exports(new WebAssembly.Module(binary))
    .filter(({ kind, name }) => kind === 'function' && name !== 'initThread')
    .map(({ name }) => name);
  mkdirSync(generated, { recursive: true });
  const text = [
    '// Written by scripts/build-wasm.mjs from assembly/.',
    `export const sourceHash = '${hash}';`,
    `export const kernelNames = [${names.map(name => `'${name}'`).join(', ')}] as const;`,
    `export const binary =\n  '${Buffer.from(binary).toString('base64')}';`,
    '',
  ].join('\n');
  // Renamed into place: a test process that starts meanwhile reads the old file or the new one, never half.
  const temporary = `${generatedFile}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, generatedFile);
  return { bytes: binary.length, kernels: names.length, wat: files.get('kernels.wat'), binary };
}

/** `true` where node was started with this file, by whatever path. */
export function isProgram(url) {
  const started = process.argv[1];
  return started !== undefined && existsSync(started) && realpathSync(started) === fileURLToPath(url);
}

function sources(path) {
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry =>
      entry.isDirectory()
        ? sources(join(path, entry.name))
        : isSource(entry.name)
          ? [join(path, entry.name)]
          : [],
    );
}

function hasKernel(name) {
  return /^export function \w+\(args: usize, begin: i32, end: i32\)/m.test(
    readFileSync(join(assembly, name), 'utf8'),
  );
}

function isSource(name) {
  return name.endsWith('.ts') && !name.endsWith('.d.ts');
}

function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

function sectionIds(bytes) {
  const ids = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

if (isProgram(import.meta.url)) {
  const start = Date.now();
  const { bytes, kernels, wat } = await build();
  if (process.argv.includes('--wat')) writeFileSync(join(folder, 'src', 'generated', 'kernels.wat'), wat);
  console.log(
    `${kernels} kernels, ${(bytes / 1024).toFixed(1)} KiB of wasm in ${((Date.now() - start) / 1000).toFixed(1)} s`,
  );
}
