import { createHash } from 'node:crypto';
import { DataError, ImageError, type Sample, SkipLog } from '@simvlm/core';
import { type ImageFacts, listLine } from '@simvlm/data';
import { joinedReport } from '@simvlm/data/node';
import { readImageHeader } from '@simvlm/image';
import { exitCode } from '../exit-code';
import { writeOut } from '../io/lines';
import { Terminal } from '../terminal';
import { noteSkipped, openSource } from './data-open';
import type { SourceOptions } from './data-source';

/** `simvlm data list`: a line of JSON for each sample that can be used; on standard error, how many cannot, and why. */
export async function dataList(sources: readonly string[], options: SourceOptions): Promise<number> {
  const reader = await openSource(sources, options);
  const skips = new SkipLog();
  for await (const sample of reader) {
    const line = await listed(sample, options.images !== false, skips);
    if (line !== undefined) await writeOut(`${line}\n`);
  }
  noteSkipped(new Terminal(), joinedReport([reader.skipped(), skips.report()]));
  return exitCode.ok;
}

async function listed(sample: Sample, opensImages: boolean, skips: SkipLog): Promise<string | undefined> {
  try {
    return JSON.stringify(
      await listLine(sample, opensImages ? image => image.bytes().then(factsOf) : undefined),
    );
  } catch (error) {
    if (!(error instanceof DataError || error instanceof ImageError)) throw error;
    skips.add(sample.key, error, sample.key);
    return undefined;
  }
}

function factsOf(bytes: Uint8Array): ImageFacts {
  const { width, height } = readImageHeader(bytes);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), width, height };
}
