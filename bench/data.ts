/**
 * How fast files become training pictures: our pipeline from a folder and from tar shards beside torchvision's DataLoader, sharp alone and decoding
 * alone, on the same 640 × 480 JPEGs; how long a training waits for them; and the memory of a long run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type Contender, decodingAlone, ours, sharpAlone, torchvision, WORKERS } from './data/contenders';
import { measureMemory } from './data/memory';
import { writePictures } from './data/pictures';
import { measureTraining } from './data/training';
import { progress } from './lib/progress';
import { type BenchOptions, type BenchResult, type BenchRow, median, rateRow } from './lib/table';

const [PICTURES, QUICK_PICTURES] = [2000, 200];
const [ROUNDS, QUICK_ROUNDS] = [3, 2];

export async function run({ quick, part }: BenchOptions): Promise<BenchResult> {
  const parts = part?.split(',') ?? ['speed', 'training', 'memory'];
  const results: BenchResult[] = [];
  if (parts.includes('speed') || parts.includes('training')) {
    const count = quick ? QUICK_PICTURES : PICTURES;
    const root = mkdtempSync(join(tmpdir(), 'simvlm-data-'));
    const [folder, shards] = [join(root, 'folder'), join(root, 'shards')];
    try {
      progress(`drawing ${count} pictures`);
      await writePictures(folder, shards, count);
      if (parts.includes('speed')) results.push(await measureSpeed(folder, shards, count, quick));
      if (parts.includes('training')) results.push(await measureTraining(shards, quick));
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  if (parts.includes('memory')) results.push(await measureMemory(quick));
  return {
    versions: Object.assign(
      { sharp: sharp.versions.sharp!, libvips: sharp.versions.vips },
      ...results.map(({ versions }) => versions),
    ),
    rows: results.flatMap(({ rows }) => rows),
    notes: results.flatMap(({ notes }) => notes ?? []),
  };
}

async function measureSpeed(
  folder: string,
  shards: string,
  count: number,
  quick: boolean,
): Promise<BenchResult> {
  const rounds = quick ? QUICK_ROUNDS : ROUNDS;
  const contenders = new Map<string, Contender>();
  const notes: string[] = [];
  try {
    contenders.set('folder', await ours(folder, count));
    contenders.set('shards', await ours(shards, count));
    await torchvision(folder).then(
      peer => contenders.set('torchvision', peer),
      error => notes.push(`torchvision is left out: ${error.message}`),
    );
    contenders.set('sharp', sharpAlone(folder));
    contenders.set('decoding', decodingAlone(folder));
    const rates = new Map([...contenders.keys()].map(name => [name, [] as number[]]));
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? 'a round that is not counted' : `round ${round} of ${rounds}`);
      for (const [name, contender] of contenders) {
        const seconds = await contender.pass();
        if (round > 0) rates.get(name)!.push(count / seconds);
      }
    }
    notes.push(`medians of ${rounds} rounds taken in turn, ${count} pictures each; ${WORKERS} workers`);
    return {
      versions: contenders.get('torchvision')?.versions ?? {},
      rows: speedRows(new Map([...rates].map(([name, each]) => [name, median(each)]))),
      notes: [...notes, ...[...rates].map(([name, each]) => `${name}: ${spread(each)} pictures/s`)],
    };
  } finally {
    for (const contender of contenders.values()) await contender.close();
  }
}

function speedRows(rates: ReadonlyMap<string, number>): BenchRow[] {
  const row = (what: string, name: string, peer: string, peerName: string) => {
    const value = rates.get(peer);
    return rateRow(
      what,
      rates.get(name)!,
      value === undefined ? undefined : { name: peerName, value },
      'pictures/s',
    );
  };
  return [
    row('from a folder', 'folder', 'torchvision', 'torchvision, 2 workers'),
    row('from tar shards', 'shards', 'torchvision', 'torchvision, 2 workers'),
    row('from tar shards', 'shards', 'folder', 'ours from a folder'),
    row('from a folder', 'folder', 'sharp', 'sharp alone'),
    row('from a folder', 'folder', 'decoding', 'sharp, whole pictures decoded only'),
  ];
}

function spread(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
}
