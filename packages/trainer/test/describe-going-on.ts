import { type CheckpointFiles, memoryCheckpoint } from '@simvlm/checkpoint';
import { type BatchSource, type Example, Random, type Share } from '@simvlm/core';
import {
  arrayDataset,
  createBatchSource,
  datasetSource,
  exampleStream,
  jsonlSource,
  memoryFolder,
  prefetch,
  uniformPrefix,
} from '@simvlm/data';
import { beforeAll, describe, expect, test } from 'vitest';
import { memoryGroups } from './memory-group';
import { everyCheckpoint, letters, run } from './tiny';

const EXAMPLES = 24;
/** Four steps are an epoch. */
const ROWS = 6;
const STEPS = 12;

const idOf = (i: number) => `example-${i}`;
const textOf = (i: number) => 'abcdefghijklmnop'.slice(i % 11, (i % 11) + 1 + (i % 5));

const examples = Array.from({ length: EXAMPLES }, (_, i): Example => {
  const random = Random.fromSeed(i);
  const data = Uint8Array.from({ length: 192 }, () => random.integer(256));
  return { id: idOf(i), text: textOf(i), image: { width: 8, height: 8, data } };
});

/** Three files, of which one process may read parts of two. */
const files = (() => {
  const lines = examples.map(({ text }) => JSON.stringify({ text }));
  const parts = [lines.slice(0, 11), lines.slice(11, 12), lines.slice(12)];
  const names = parts.map((_, i) => `${i}.jsonl`);
  const folder = memoryFolder(
    new Map(names.map((name, i) => [name, new TextEncoder().encode(`${parts[i]!.join('\n')}\n`)])),
  );
  return names.map(name => folder.file(name));
})();

const random = Random.fromSeed(5);
const rest = { tokenizer: letters, maxTextLength: 8, prefix: uniformPrefix };

const kinds: Readonly<Record<string, (share: Share) => Promise<BatchSource>>> = {
  async pairs(share) {
    const source = datasetSource(arrayDataset(examples));
    const pictures = { transform: { size: 8, augment: 'drawing' } } as const;
    const identity = await source.identity();
    const stream = exampleStream({ source, random, share, identity, length: EXAMPLES, pictures });
    return createBatchSource({ imageText: { stream, batchSize: ROWS }, ...rest });
  },
  async 'text in files, shuffled five lines at a time'(share) {
    const source = jsonlSource(files);
    const identity = await source.identity();
    const stream = exampleStream({ source, random, share, identity, length: EXAMPLES, shuffle: 5 });
    return createBatchSource({ textOnly: { stream, batchSize: ROWS }, ...rest });
  },
};

interface Life {
  readonly losses: readonly number[];
  /** Of each step the ids of all processes, by rank. */
  readonly ids: readonly (readonly (readonly string[])[])[];
  /** After each step. */
  readonly checkpoints: readonly CheckpointFiles[];
}

/** So many processes from the first step, or from that of a checkpoint, to the last. */
async function life(kind: string, size: number, resume?: CheckpointFiles): Promise<Life> {
  const { kept, storage } = everyCheckpoint();
  const ids: string[][][] = [];
  const trained = memoryGroups(size).map(async (group, rank) => {
    const source = await kinds[kind]!({ rank, size });
    // What is made ahead is not what is trained on.
    const ahead = prefetch(source, 2);
    let step = 0;
    const batches: BatchSource = {
      ...ahead,
      async next() {
        const parts = await ahead.next();
        const all = (ids[step++] ??= []);
        all[rank] = parts.flatMap(part => part.ids);
        return parts;
      },
    };
    try {
      return await run({
        batches,
        // Whoever goes on writes its last step alone.
        config: { steps: STEPS, epsilon: 1e-6, ...(!resume && { checkpointSteps: 1 }) },
        learner: { dropout: 0.2 },
        ...(size > 1 && { processGroup: group }),
        ...(rank === 0 && { storage }),
        ...(resume && { resume: memoryCheckpoint(resume) }),
      });
    } finally {
      group.dispose();
    }
  });
  const [first] = await Promise.all(trained);
  return { losses: first!.losses, ids, checkpoints: kept };
}

/**
 * Trainings in several processes that are killed at any step, and go on in as many or others from what was saved last.
 *
 * @param ready registers the backend and takes it
 */
export function describeGoingOn(backend: string, ready: () => Promise<void>): void {
  describe.each(Object.keys(kinds))(`a training on ${backend}, in several processes: %s`, kind => {
    const whole: Life[] = [];
    beforeAll(async () => {
      await ready();
      for (const size of [1, 2, 3]) whole[size] = await life(kind, size);
    });

    const idsOf = ({ ids }: Life) => ids.map(step => step.flat());
    /** How often each example was trained on. */
    const drawsOf = (steps: readonly (readonly string[])[]) => {
      const counts = new Map<string, number>();
      for (const id of steps.flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
      return counts;
    };

    test.each([1, 2, 3])('%i processes train on each example once an epoch', size => {
      const steps = idsOf(whole[size]!);
      expect(steps.map(ids => ids.length)).toEqual(new Array(STEPS).fill(ROWS));
      for (const epoch of [1, 2, 3]) {
        const draws = drawsOf(steps.slice(0, 4 * epoch));
        expect(draws.size).toBe(EXAMPLES);
        expect(new Set(draws.values())).toEqual(new Set([epoch]));
      }
    });

    const at = Random.fromSeed(EXAMPLES);
    const step = () => 1 + at.integer(STEPS - 2);
    test.each([
      { before: 2, after: 2, killed: step() },
      { before: 1, after: 2, killed: step() },
      { before: 2, after: 1, killed: step() },
      { before: 3, after: 2, killed: step() },
    ])(
      'of $before, killed after step $killed and gone on with $after, is one training',
      async ({ before, after, killed }) => {
        const first = whole[before]!;
        const second = await life(kind, after, first.checkpoints[killed - 1]);
        expect(second.losses).toHaveLength(STEPS - killed);
        if (before === after) {
          expect(second.losses).toEqual(first.losses.slice(killed));
          expect(second.ids).toEqual(first.ids.slice(killed));
          expect(second.checkpoints.at(-1)!.get('weights.safetensors')).toEqual(
            first.checkpoints.at(-1)!.get('weights.safetensors'),
          );
          return;
        }
        const steps = [...idsOf(first).slice(0, killed), ...idsOf(second)];
        for (const epoch of [1, 2, 3])
          expect(new Set(drawsOf(steps.slice(0, 4 * epoch)).values()), `epoch ${epoch}`).toEqual(
            new Set([epoch]),
          );
        // Where examples are dealt one after another, the steps are those of any number of processes.
        if (kind !== 'pairs') return;
        for (const [i, loss] of second.losses.entries())
          expect(Math.abs(loss - first.losses[killed + i]!)).toBeLessThan(1e-5);
      },
    );
  });
}
