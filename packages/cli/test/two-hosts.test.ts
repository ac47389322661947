import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { needs } from '../../../scripts/parts/needs';
import { drawnAnywhere, simvlm, smallConfig, workingFolder } from './fixture';
import { endLaunched, launch, savedStep, stepsOf, until, weightsOf, workerOf } from './launch';

const { describe } = await needs('namespaces');

const STEPS = 20;
/** Hosts of one network, with a shared disk. */
const hosts = ['a', 'b'].map((letter, i) => ({
  namespace: `simvlm-${process.pid}-${letter}`,
  link: `sv${process.pid}${letter}`,
  address: `10.231.7.${1 + i}`,
}));
const [first, second] = hosts as [(typeof hosts)[0], (typeof hosts)[0]];

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

/** `torchrun` on each of the two hosts, with one process each. */
function launchOnBoth(name: string) {
  return hosts.map(({ namespace, address }) =>
    launch(name, {
      inside: ['ip', 'netns', 'exec', namespace],
      options: [
        ...['--nnodes', '2', '--nproc-per-node', '1', '--max-restarts', '3', '--local-addr', address],
        ...['--rdzv-backend', 'c10d', '--rdzv-id', name, '--rdzv-endpoint', `${first.address}:29400`],
        // By the names of the hosts, which are the same here, torchrun cannot tell whose address that is.
        ...['--rdzv-conf', `is_host=${address === first.address}`],
      ],
    }),
  );
}

describe('two hosts', () => {
  let folder: ReturnType<typeof workingFolder>;
  beforeAll(() => {
    folder = workingFolder();
    folder.write(...drawnAnywhere.file);
    for (const name of ['one', 'two', 'killed']) {
      const change = {
        name,
        steps: STEPS,
        checkpoints: { seconds: 0 },
        batch: { imageText: 15, textOnly: 0 },
        data: { train: drawnAnywhere.source },
        plugins: drawnAnywhere.plugins,
      };
      folder.write(`${name}.json`, smallConfig('', change));
    }
    for (const { namespace } of hosts) ip('netns', 'add', namespace);
    ip(
      'link',
      'add',
      first.link,
      'netns',
      first.namespace,
      'type',
      'veth',
      'peer',
      second.link,
      'netns',
      second.namespace,
    );
    for (const { namespace, link, address } of hosts) {
      ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', link);
      for (const each of ['lo', link]) ip('-n', namespace, 'link', 'set', each, 'up');
    }
  });
  afterEach(endLaunched);
  afterAll(() => {
    // The links go with their namespaces.
    for (const { namespace } of hosts) spawnSync('ip', ['netns', 'delete', namespace]);
    folder.leave();
  });

  test('train to the weights of one process', async () => {
    expect(await simvlm('train', 'one.json', '--backend', 'native')).toMatchObject({ code: 0 });
    const ends = await Promise.all(launchOnBoth('two').map(({ ended }) => ended));
    expect(
      ends.map(({ code }) => code),
      ends.map(({ printed }) => printed).join('\n'),
    ).toEqual([0, 0]);
    const other = new Map(await weightsOf('two'));
    for (const [name, values] of await weightsOf('one')) {
      // Softmax ignores a bias of the keys: its gradient is rounding alone, which Adam divides by its own size.
      if (name.endsWith('.key.bias')) continue;
      const theirs = other.get(name)!;
      const most = values.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
      expect(most, name).toBeLessThan(1e-5);
    }
  });

  test('go on by themselves when a process on one of them is killed: the losses are those of an undisturbed run, to the bit', async () => {
    const agents = launchOnBoth('killed');
    const ended = Promise.all(agents.map(each => each.ended));
    await until(() => savedStep('killed') >= 3, ended);
    // Which host has process 0 is not ours to say: the one that writes goes first, then the other.
    for (const rank of [0, 1]) {
      const from = savedStep('killed');
      await until(() => savedStep('killed') >= from + 2, ended);
      const worker = agents.flatMap(({ pid }) => workerOf(pid, rank) ?? [])[0];
      expect(worker, `process ${rank}`).toBeDefined();
      process.kill(worker!, 'SIGKILL');
      await until(() => !agents.some(({ pid }) => workerOf(pid, rank) === worker), ended);
    }
    const ends = await ended;
    const printed = ends.map(each => each.printed).join('\n');
    expect(
      ends.map(({ code }) => code),
      printed,
    ).toEqual([0, 0]);
    expect(printed.match(/going on from runs\/killed\/checkpoints\/step-\d+/g), printed).toHaveLength(2);
    expect(stepsOf('killed').map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
    expect(stepsOf('killed').map(({ loss }) => loss)).toEqual(stepsOf('two').map(({ loss }) => loss));
    expect(await weightsOf('killed')).toEqual(await weightsOf('two'));
  });
});
