/**
 * Records a whole step (forward, backward, clipping and AdamW; or one token of decoding) and replays it: one call in place of
 * thousands, whose cost on the host is what a small model spends most of its time on. On CUDA the recording is a CUDA graph (see
 * "Accelerating PyTorch with CUDA Graphs", 2021, and PyTorch's notes on their rules), on the CPU a list of operators
 * (`addon/program.h`).
 *
 * A recording does the same again on the same memory. Hence the rules:
 * - what changes from step to step is an input, whose contents `write` replaces: batch, learning rate, step count
 * - shapes stay
 * - nothing is read back in between, and nothing is uploaded but constants: single numbers, zeros and ones
 * - what outlives the step is overwritten in place. While a step is recorded, AdamW and the write to a key-value cache do that by
 *   themselves; their callers, who dispose the old tensor for the new, need not know
 */
import { BackendError } from '@simvlm/core';
import { type CapturedStep, type CaptureOptions, checkedInput, type NamedTensors } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { NativeAddon } from './addon/interface';
import type { NativeBackend } from './backend';
import { whileRecording } from './recording';
import { type NumericType, numbersOf } from './tensor-data';

/** A step that cannot be recorded; the message says which rule it breaks. */
export class CaptureError extends BackendError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('BACKEND_FAILED', `captureStep: ${message}`, options);
  }
}

/** Steps on a GPU that run as they are before one is recorded: libraries set themselves up in them. */
const WARM_UP = 2;

/** A step that is recorded when it has warmed up, and replayed from then on. */
export class RecordedStep<Inputs extends NamedTensors, Outputs extends NamedTensors>
  implements CapturedStep<Outputs>
{
  readonly #backend: NativeBackend;
  readonly #options: CaptureOptions<Inputs, Outputs>;
  #warmUp: number;
  #outputs: Outputs | undefined;
  #graph: number | undefined;

  constructor(backend: NativeBackend, options: CaptureOptions<Inputs, Outputs>) {
    this.#backend = backend;
    this.#options = options;
    this.#warmUp = backend.device < 0 ? 0 : WARM_UP;
    // A single number is otherwise known on the host, and would be part of the recording.
    const variables = Object.values(tf.engine().state.registeredVariables);
    for (const tensor of [...Object.values(options.inputs), ...variables]) {
      if (tensor.size !== 1 || !backend.data.has(tensor.dataId)) continue;
      backend.input(tensor);
      backend.data.get(tensor.dataId).scalar = undefined;
    }
  }

  write(name: string, values: ArrayLike<number>): void {
    const backend = this.#backend;
    const tensor = checkedInput(this.#options.inputs, name, values);
    const numbers = numbersOf(values as tf.backend_util.BackendValues, tensor.dtype as NumericType);
    backend.addon.write(backend.data.get(tensor.dataId).handle, numbers);
  }

  /**
   * One step.
   *
   * @returns always the same tensors, which belong to this object and hold the numbers of the last step
   * @throws CaptureError when the step breaks a rule; then it was not run, or on the CPU not to its end
   */
  run(): Outputs {
    const { addon, device } = this.#backend;
    if (this.#warmUp > 0) {
      this.#warmUp--;
      this.#runOnce();
    } else if (this.#graph === undefined) {
      this.#graph = this.#record();
      // The CPU has done what it wrote down.
      if (device >= 0) addon.graphReplay(this.#graph);
    } else addon.graphReplay(this.#graph);
    return this.#outputs!;
  }

  /** Frees the recording and the outputs. */
  dispose(): void {
    if (this.#graph !== undefined) this.#backend.addon.graphFree(this.#graph);
    this.#graph = undefined;
    if (this.#outputs) tf.dispose(this.#outputs as tf.NamedTensorMap);
    this.#outputs = undefined;
  }

  #runOnce(): void {
    const before = variables();
    const { inputs, step } = this.#options;
    const made = whileRecording(this.#backend, () => tf.tidy(() => step(inputs) as tf.NamedTensorMap));
    this.#take(made as unknown as Outputs);
    for (const [variable, dataId] of before) {
      if (!variable.isDisposed && variable.dataId !== dataId)
        throw new CaptureError(
          `the step gave the variable '${variable.name}' new memory; change it in place, as adamwStep does while a step is recorded`,
        );
    }
  }

  #record(): number {
    const backend = this.#backend;
    const { addon, device } = backend;
    const graph = addon.graphBegin(device);
    try {
      guarded(backend, () => this.#runOnce());
    } catch (error) {
      abandon(addon, graph);
      if (error instanceof CaptureError) throw error;
      throw new CaptureError(`the step cannot be recorded: ${(error as Error).message}`, { cause: error });
    }
    addon.graphEnd(graph);
    return graph;
  }

  /** What the step returned goes to the tensors that the caller has, which stay where they are. */
  #take(made: Outputs): void {
    if (!this.#outputs) {
      for (const tensor of Object.values(made)) tf.keep(tensor);
      this.#outputs = made;
      return;
    }
    const backend = this.#backend;
    const mark = backend.mark();
    try {
      for (const [name, tensor] of Object.entries(this.#outputs))
        backend.op('copy_', backend.input(tensor), backend.input(made[name]!));
    } finally {
      backend.release(mark);
      tf.dispose(made as tf.NamedTensorMap);
    }
  }
}

function variables(): [tf.Variable, object][] {
  const { registeredVariables } = tf.engine().state;
  return Object.values(registeredVariables).map(variable => [variable, variable.dataId]);
}

/** A recording that failed is ended before it is thrown away; what CUDA says about it then is known already. */
function abandon(addon: NativeAddon, graph: number): void {
  try {
    addon.graphEnd(graph);
  } catch {
    // The recording was broken by what is being reported.
  }
  addon.graphFree(graph);
}

/** Runs `run` with a backend that refuses to talk to the host. */
function guarded(backend: NativeBackend, run: () => void): void {
  const { addon } = backend;
  let broken: CaptureError | undefined;
  const refuse = (rule: string) => (): never => {
    throw (broken ??= new CaptureError(rule));
  };
  const noReading = refuse(
    'the step reads a tensor back; return it from the step instead, and read it after run()',
  );
  const noUpload = refuse('the step uploads new data; make it an input, and write() it before run()');
  const create: NativeAddon['create'] = (data, shape, dtype, device) => {
    const numbers = data as unknown as ArrayLike<number>;
    const constant = constantOf(numbers);
    if (constant === undefined) return noUpload();
    // A single number may be that of a tensor from before, which was never needed as one: it is no part of the recording.
    if (numbers.length === 1 && device < 0) return addon.create(data, shape, dtype, device);
    return backend.aten.call('full', shape, constant, dtype, null, device);
  };
  const guard: Partial<NativeAddon> = {
    create,
    readSync: noReading,
    read: noReading,
    write: noUpload,
    synchronize: noReading,
  };
  const host = backend as { addon: NativeAddon };
  host.addon = Object.assign(Object.create(addon) as NativeAddon, guard);
  try {
    run();
  } catch (error) {
    // On its way the rule may have been wrapped in another error, or swallowed.
    throw broken ?? error;
  } finally {
    host.addon = addon;
  }
  if (broken) throw broken;
}

/**
 * A single number is a constant of the step; so is an array of nothing but zeros or ones, which tfjs's `zeros` and `ones` upload, also in
 * gradients of its own.
 */
function constantOf(numbers: ArrayLike<number>): number | undefined {
  const first = numbers[0] ?? 0;
  if (numbers.length > 1 && first !== 0 && first !== 1) return undefined;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== first) return undefined;
  return first;
}
