import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { drawFolder, freePort, smallConfig, workingFolder } from './fixture';
import { endLaunched, launch, savedStep, stepsOf, until, weightsOf, workerOf } from './launch';

const { describe } = await needs('torchrun');

const STEPS = 30;
const twice = ['--nproc-per-node', '2'];

let folder: ReturnType<typeof workingFolder>;
beforeAll(async () => {
  folder = workingFolder();
  await drawFolder('train', 40, 1);
  for (const name of ['undisturbed', 'fixed', 'standalone']) {
    // A checkpoint after each step.
    const change = { name, steps: STEPS, checkpoints: { seconds: 0 }, batch: { imageText: 15, textOnly: 0 } };
    folder.write(`${name}.json`, smallConfig('train', change));
  }
});
afterAll(() => folder.leave());

afterEach(endLaunched);

describe('torchrun --max-restarts 3', () => {
  beforeAll(async () => {
    const { code, printed } = await launch('undisturbed', { options: [...twice, '--standalone'] }).ended;
    expect(code, printed).toBe(0);
  });

  test.each(['fixed', 'standalone'])(
    'resumes a run whose workers were killed: losses and weights are those of an undisturbed one, to the bit: %s',
    async name => {
      const meeting = name === 'fixed' ? ['--master-port', `${await freePort()}`] : ['--standalone'];
      const { pid, ended } = launch(name, { options: [...twice, ...meeting, '--max-restarts', '3'] });
      const killed: number[] = [];
      // First the one that writes, then the other: each some steps after it has begun.
      for (const rank of [0, 1]) {
        const from = savedStep(name);
        await until(() => savedStep(name) >= from + 3, ended);
        const worker = workerOf(pid, rank);
        if (worker === undefined) break;
        process.kill(worker, 'SIGKILL');
        killed.push(rank);
        await until(() => workerOf(pid, rank) !== worker, ended);
      }
      const { code, printed } = await ended;
      expect([code, killed], printed).toEqual([0, [0, 1]]);
      expect(printed.match(/going on from runs\/\w+\/checkpoints\/step-\d+/g), printed).toHaveLength(2);

      const [whole, resumed] = [stepsOf('undisturbed'), stepsOf(name)];
      expect(resumed.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
      expect(resumed.map(({ loss }) => loss)).toEqual(whole.map(({ loss }) => loss));
      expect(await weightsOf(name)).toEqual(await weightsOf('undisturbed'));
      // The lock of the killed is in nobody's way.
      expect(readdirSync(`runs/${name}`).sort()).toEqual(['checkpoints', 'metrics.jsonl', 'tensorboard']);
    },
  );
});
