import { ShapeError } from '@simvlm/core';
import * as tf from '@tensorflow/tfjs-core';

export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

export interface CaptureOptions<Inputs extends NamedTensors, Outputs extends NamedTensors> {
  /**
   * What changes from run to run, at its start; shapes and types stay. The tensors belong to the caller and must outlive the
   * captured step.
   */
  readonly inputs: Inputs;
  /** One run. It is given the inputs as they are then; its intermediate tensors are disposed. */
  readonly step: (inputs: Inputs) => Outputs;
}

/** A step that runs many times on tensors of the same shapes. */
export interface CapturedStep<Outputs extends NamedTensors> {
  /**
   * Overwrites an input for the runs that follow.
   *
   * @throws ShapeError when there is no such input, or when it has another number of elements
   */
  write(name: string, values: ArrayLike<number>): void;
  /** One run. What it returns belongs to this object, and holds until the next run. */
  run(): Outputs;
  /** Frees the outputs, and the recording where there is one. */
  dispose(): void;
}

/** What a backend offers that can record a step and replay it without going through JavaScript again. */
export interface CapturesSteps {
  captureStep<Inputs extends NamedTensors, Outputs extends NamedTensors>(
    options: CaptureOptions<Inputs, Outputs>,
  ): CapturedStep<Outputs>;
}

/**
 * A step to be run many times: recorded once where the backend can do that, else run as it is each time.
 *
 * So that it can be recorded, a step follows rules: its shapes do not change; it neither reads tensors back nor uploads numbers other than
 * constants; and what outlives it is changed in place, as `adamwStep`, `cacheWrite` and `cacheReorder` do while a step is recorded.
 */
export function captureStep<Inputs extends NamedTensors, Outputs extends NamedTensors>(
  options: CaptureOptions<Inputs, Outputs>,
): CapturedStep<Outputs> {
  const backend = tf.backend() as Partial<CapturesSteps>;
  return backend.captureStep ? backend.captureStep(options) : new UncapturedStep(options);
}

/** @throws ShapeError when `values` cannot be the contents of input `name` */
export function checkedInput(inputs: NamedTensors, name: string, values: ArrayLike<number>): tf.Tensor {
  const tensor = inputs[name];
  if (!tensor)
    throw new ShapeError(`captureStep: there is no input '${name}', but ${Object.keys(inputs).join(', ')}`);
  if (values.length !== tensor.size)
    throw new ShapeError(`captureStep: input '${name}' has ${tensor.size} numbers, got ${values.length}`);
  return tensor;
}

/** The same on any backend: nothing is recorded, inputs are new tensors. */
class UncapturedStep<Inputs extends NamedTensors, Outputs extends NamedTensors>
  implements CapturedStep<Outputs>
{
  readonly #options: CaptureOptions<Inputs, Outputs>;
  readonly #written = new Map<string, tf.Tensor>();
  #outputs: Outputs | undefined;

  constructor(options: CaptureOptions<Inputs, Outputs>) {
    this.#options = options;
  }

  write(name: string, values: ArrayLike<number>): void {
    const { shape, dtype } = checkedInput(this.#options.inputs, name, values);
    this.#written.get(name)?.dispose();
    const numbers = dtype === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
    this.#written.set(name, tf.keep(tf.tensor(numbers, shape, dtype)));
  }

  run(): Outputs {
    this.#free();
    const inputs = { ...this.#options.inputs, ...Object.fromEntries(this.#written) };
    const made = tf.tidy(() => this.#options.step(inputs) as tf.NamedTensorMap);
    for (const tensor of Object.values(made)) tf.keep(tensor);
    this.#outputs = made as unknown as Outputs;
    return this.#outputs;
  }

  dispose(): void {
    this.#free();
    tf.dispose([...this.#written.values()]);
    this.#written.clear();
  }

  #free(): void {
    if (this.#outputs) tf.dispose(this.#outputs as tf.NamedTensorMap);
    this.#outputs = undefined;
  }
}
