import type { BackendProvider } from './backend';
import type { ExampleDataset, JsonValue, ObjectiveFactory, PatcherFactory } from './contracts';
import { PluginError } from './errors';
import type { CallbackFactory } from './learner';
import { didYouMean } from './nearest';
import type { SampleSource } from './sample';
import type { Evaluator, TaskFactory } from './task';

/**
 * What a plug-in can add, by kind. A package or a program adds kinds of its own by declaration merging:
 * `declare module '@simvlm/core' { interface PluginKinds { mine: MyFactory } }`.
 */
export interface PluginKinds {
  /** Pixels to tokens. `any` stands for the tensors of the library in use, which this package does not know. */
  // biome-ignore lint/suspicious/noExplicitAny: a plug-in writes tf.Tensor here without a cast
  patcher: PatcherFactory<any, any>;
  /** What is learnt from a text: what of it is prefix and what is predicted. */
  objective: ObjectiveFactory;
  /** Where examples come from: with random access, or in their order. */
  source: (options: Readonly<Record<string, JsonValue>>) => Promise<ExampleDataset | SampleSource>;
  /** What is measured. */
  evaluator: Evaluator;
  /** What a model is trained for: its learner, its batches, its metric. */
  task: TaskFactory;
  /** What happens during training. */
  callback: CallbackFactory;
  /** Where the numbers are computed; registered under the provider's own name. */
  backend: BackendProvider;
}

/** A named bundle of registrations. */
export interface Plugin {
  readonly name: string;
  setup(registry: Registry): void;
}

/** Factories by kind and name. Our own parts are registered in the same way as a visitor's. */
export class Registry {
  readonly #factories = new Map<string, { plugin: string; factory: unknown }>();
  readonly #plugins = new Set<string>();
  #current = 'this program';

  /** Sets up plug-ins in order; the same plug-in twice is an error. */
  use(...plugins: readonly Plugin[]): this {
    for (const plugin of plugins) {
      if (this.#plugins.has(plugin.name))
        throw new PluginError('PLUGIN_DUPLICATE', `plug-in "${plugin.name}" is already in use`);
      this.#plugins.add(plugin.name);
      this.#current = plugin.name;
      try {
        plugin.setup(this);
      } finally {
        this.#current = 'this program';
      }
    }
    return this;
  }

  /** @throws PluginError when the name is taken */
  register<K extends keyof PluginKinds>(kind: K, name: string, factory: PluginKinds[K]): this {
    const key = `${kind}:${name}`;
    const taken = this.#factories.get(key);
    if (taken)
      throw new PluginError(
        'PLUGIN_DUPLICATE',
        `${kind} "${name}" is already registered by ${taken.plugin}; choose another name`,
      );
    this.#factories.set(key, { plugin: this.#current, factory });
    return this;
  }

  /** @throws PluginError that lists the names there are */
  get<K extends keyof PluginKinds>(kind: K, name: string): PluginKinds[K] {
    const found = this.#factories.get(`${kind}:${name}`);
    if (!found)
      throw new PluginError(
        'PLUGIN_UNKNOWN',
        `no ${kind} "${name}"; registered: ${this.names(kind).join(', ') || 'none'}${didYouMean(name, this.names(kind))}`,
      );
    return found.factory as PluginKinds[K];
  }

  names(kind: keyof PluginKinds): string[] {
    return [...this.#factories.keys()]
      .filter(key => key.startsWith(`${kind}:`))
      .map(key => key.slice(kind.length + 1));
  }
}
