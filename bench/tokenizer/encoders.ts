import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secondsOf, startChild, versionOf } from '../lib/process';
import { median } from '../lib/table';
import { cache, readLines } from './corpus';

export const OURS = '@simvlm/tokenizer';
export const SPM = 'spm_encode (C++)';
const SPM_PYTHON = 'sentencepiece (Python)';
export const RUST = 'tokenizers (Python, Rust)';
/** Debian's own, which apt-get installs the module for. */
const PYTHON = '/usr/bin/python3';
const INSTALL = 'apt-get install sentencepiece python3-sentencepiece';
/** The first on the path, such as that of a virtual environment. */
export const RUST_PYTHON = 'python3';
const INSTALL_RUST = 'pip install tokenizers';
/** Slow peers read every tenth line: the same mixture of text, in a bearable time. */
const SLOW = 10;
export interface Peer {
  readonly name: string;
  /** It reads one of so many lines. */
  readonly every: number;
}

export const sentencePiecePeers: readonly Peer[] = [
  { name: SPM, every: 1 },
  { name: SPM_PYTHON, every: 1 },
  { name: '@anush008/tokenizers', every: SLOW },
  { name: '@huggingface/tokenizers', every: SLOW },
  { name: '@huggingface/transformers', every: SLOW },
  { name: '@sctg/sentencepiece-js', every: SLOW },
];

export const subwordPeers: readonly Peer[] = [
  { name: RUST, every: SLOW },
  { name: '@anush008/tokenizers', every: SLOW },
  { name: '@huggingface/tokenizers', every: SLOW },
  { name: '@huggingface/transformers', every: SLOW },
];

interface Round {
  readonly seconds: number;
  /** UTF-8 bytes of the lines that were encoded. */
  readonly bytes: number;
  /** Of all threads together. */
  readonly cpuSeconds?: number;
}

export interface Encoder {
  readonly versions: Readonly<Record<string, string>>;
  /** How it was measured, for the notes. */
  readonly about: () => string | null;
  round(): Promise<Round>;
  /** A round more, by a tokenizer that remembers the text. */
  again(): Promise<Round>;
  /** Ids of this many lines spread over the text, of all lines when there are no more. */
  sample(count: number): Promise<number[][]>;
  stop(): void;
}

/** @throws Error that says why a peer cannot run here */
export async function startEncoder(name: string, model: string, text: string, every = 1): Promise<Encoder> {
  if (name === SPM) return spmEncode(model, text);
  const file = (local: string) => fileURLToPath(new URL(local, import.meta.url));
  const python = name === SPM_PYTHON || name === RUST;
  const script = name === RUST ? 'encode-rust.py' : 'encode.py';
  if (name !== OURS && !python) installPeers();
  const args = [model, text, `${every}`];
  const child = await startChild<{ versions: Record<string, string>; way?: string }>(
    name === RUST ? RUST_PYTHON : python ? PYTHON : process.execPath,
    python ? [file(script), ...args] : [file('encode.mjs'), name, ...args, peersFolder],
    // The Rust tokenizers share work out among threads otherwise.
    { TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' },
  ).catch(error => {
    throw python && /No module|ENOENT/.test(error.message)
      ? new Error(`not found: ${name === RUST ? INSTALL_RUST : INSTALL}`)
      : error;
  });
  return {
    versions: child.hello.versions,
    about: () => (child.hello.way ? `${child.hello.way}, the faster way for it` : null),
    round: () => child.ask<Round>({ round: true }),
    again: () => child.ask<Round>({ again: true }),
    sample: async count => (await child.ask<{ ids: number[][] }>({ sample: count })).ids,
    stop: child.stop,
  };
}

/** The command reads and writes text, and starts anew for each round; its start-up is taken off. */
function spmEncode(model: string, text: string): Encoder {
  const version = versionOf('spm_encode');
  if (version === null) throw new Error(`not found: ${INSTALL}`);
  const args = [`--model=${model}`, '--output_format=id'];
  const lines = readLines(text);
  const bytes = Buffer.byteLength(lines.join(''));
  const startUps: number[] = [];
  const round = async () => {
    startUps.push(await secondsOf('spm_encode', args, '/dev/null'));
    return { seconds: (await secondsOf('spm_encode', args, text)) - startUps.at(-1)!, bytes };
  };
  return {
    versions: { sentencepiece: version },
    about: () =>
      `the command's time less the ${(median(startUps) * 1000).toFixed(0)} ms that an empty file takes`,
    round,
    // It remembers nothing.
    again: round,
    async sample(count) {
      const size = Math.min(count, lines.length);
      const some = Array.from({ length: size }, (_, i) => lines[Math.floor((i * lines.length) / size)]!);
      return spmIds(model, some);
    },
    stop: () => {},
  };
}

/** What spm_encode makes of lines. */
function spmIds(model: string, lines: readonly string[]): number[][] {
  const { stdout, status } = spawnSync('spm_encode', [`--model=${model}`, '--output_format=id'], {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`spm_encode ended with code ${status}`);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map(line => line.split(' ').filter(Boolean).map(Number));
}

/** Share of the lines that have the same ids, 0 … 1. */
export function agreement(a: readonly number[][], b: readonly number[][]): number {
  const same = a.filter((ids, i) => ids.length === b[i]?.length && ids.every((id, j) => id === b[i]![j]));
  return same.length / a.length;
}

const peersFolder = join(cache, 'tokenizer-peers');

/** Installs the npm packages once, without their scripts. */
function installPeers(): void {
  const list = fileURLToPath(new URL('./peers/package.json', import.meta.url));
  const copy = join(peersFolder, 'package.json');
  const done = join(peersFolder, 'node_modules', '.package-lock.json');
  if (existsSync(done) && readFileSync(copy, 'utf8') === readFileSync(list, 'utf8')) return;
  mkdirSync(peersFolder, { recursive: true });
  copyFileSync(list, copy);
  console.error('… installing the npm packages beside which ours is measured');
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peersFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
