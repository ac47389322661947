import type { HostArray } from '@simvlm/core';
import { type CapturedStep, captureStep, upload } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';

/** Recordings that are kept: of batches with and without images, prefixes, and the last ones of an epoch. */
const KEPT = 4;

export type Tensors = Record<string, tf.Tensor>;

interface Recording<Outputs extends Tensors> {
  readonly step: CapturedStep<Outputs>;
  readonly inputs: Tensors;
}

/** A step as recordings: one for each combination of shapes, made when it first comes. */
export class Recordings<Outputs extends Tensors> {
  readonly #step: (given: Tensors, parts: readonly number[]) => Outputs;
  /** By shapes, the one that was not used for longest first. */
  readonly #recordings = new Map<string, Recording<Outputs>>();

  /** @param step what is recorded, of inputs by name and the number of parts that each micro-batch has */
  constructor(step: (given: Tensors, parts: readonly number[]) => Outputs) {
    this.#step = step;
  }

  /** One step of these inputs. What it returns belongs to the recording, and holds until the next step. */
  run(arrays: ReadonlyMap<string, HostArray>, parts: readonly number[]): Outputs {
    const { step } = this.#recordingFor(arrays, parts);
    for (const [name, { values }] of arrays) step.write(name, values);
    return step.run();
  }

  dispose(): void {
    for (const recording of this.#recordings.values()) discard(recording);
    this.#recordings.clear();
  }

  #recordingFor(arrays: ReadonlyMap<string, HostArray>, parts: readonly number[]): Recording<Outputs> {
    const key = [...arrays].map(([name, { shape }]) => `${name}[${shape}]`).join();
    const recordings = this.#recordings;
    const recording = recordings.get(key) ?? this.#make(arrays, parts);
    recordings.delete(key);
    recordings.set(key, recording);
    if (recordings.size > KEPT) {
      const [oldest, unused] = recordings.entries().next().value!;
      recordings.delete(oldest);
      discard(unused);
    }
    return recording;
  }

  #make(arrays: ReadonlyMap<string, HostArray>, parts: readonly number[]): Recording<Outputs> {
    const inputs = upload(Object.fromEntries(arrays));
    for (const input of Object.values(inputs)) tf.keep(input);
    return { inputs, step: captureStep({ inputs, step: given => this.#step(given, parts) }) };
  }
}

function discard({ step, inputs }: Recording<Tensors>): void {
  step.dispose();
  tf.dispose(inputs);
}
