/**
 * A model at its full size in a process of its own: `child.ts save|open PRESET FOLDER` saves a checkpoint of it, or opens that and looks at
 * its numbers. One JSON line with what it took.
 */
import { FILES, jsonFile, TENSORS, tensorFiles } from '@simvlm/checkpoint';
import { openCheckpoint, writeCheckpointFolder } from '@simvlm/checkpoint/node';
import { parameterCount } from '@simvlm/core';
import { openSimVlm, presets, SimVlm } from '@simvlm/model';
import { partWriter } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendReport, useBackend } from '../lib/backend';
import { peakResident } from '../lib/memory';
import { specialTokens } from '../lib/simvlm-problem';

/** What a process reports. */
export interface Report extends BackendReport {
  readonly parameters: number;
  /** The most that the process had in RAM, Node and libtorch included. */
  readonly peakBytes: number;
}

/** Numbers that come again and again, from another place on in each weight: drawing 1.7 billion would take minutes. */
const PERIOD = 2 ** 20;
const pattern = Float32Array.from(
  { length: 2 * PERIOD },
  (_, i) => (((i % PERIOD) * 40_503) % 65_536) / 2 ** 21,
);
const startOf = (index: number) => (index * 7919) % PERIOD;

const actions = {
  async save(preset: string, folder: string): Promise<SimVlm> {
    const config = { ...presets[preset]!, vocabSize: 32_000, tokens: specialTokens };
    const model = SimVlm.create(config, { init: 'zeros' });
    for (const [index, variable] of model.params.values().entries()) {
      const write = partWriter(variable)!;
      const numbers = pattern.subarray(startOf(index), startOf(index) + PERIOD);
      for (let at = 0; at < variable.size; at += PERIOD) write(at, numbers.subarray(0, variable.size - at));
    }
    const weights = tensorFiles(TENSORS.weights, model.weights(), { metadata: { format: 'simvlm' } });
    await writeCheckpointFolder(folder, new Map([[FILES.model, jsonFile(config)], ...weights]));
    return model;
  },

  async open(_: string, folder: string): Promise<SimVlm> {
    const model = await openSimVlm(await openCheckpoint(folder));
    for (const [index, [name, variable]] of [...model.params].entries()) {
      // The last numbers, which a file that lost one would shift.
      const begin = Math.max(0, variable.size - 16);
      const found = tf.tidy(() => tf.slice(tf.reshape(variable, [-1]), [begin]).dataSync());
      const wanted = found.map((_, i) => pattern[startOf(index) + ((begin + i) % PERIOD)]!);
      if (found.join() !== wanted.join()) throw new Error(`"${name}" came back with other numbers`);
    }
    return model;
  },
};

const [action, preset, folder] = process.argv.slice(2) as [keyof typeof actions, string, string];
const backend = await useBackend({ backend: 'native', device: 'cpu', threads: 2 });
const model = await actions[action](preset, folder);
const report: Report = {
  ...backend,
  parameters: parameterCount(model.params),
  peakBytes: peakResident(),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
