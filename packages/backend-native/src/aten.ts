import { BackendError } from '@simvlm/core';
import type { Argument, Handle, NativeAddon, OperatorId, Returned } from './addon/interface';

/** Operators by name: ATen's such as `add.Tensor`, others with their namespace, such as `simvlm::decode_linear`. Each is looked up once. */
export class Aten {
  readonly addon: NativeAddon;
  readonly #operators = new Map<string, OperatorId>();

  constructor(addon: NativeAddon) {
    this.addon = addon;
  }

  /** Whether this libtorch has the operator. */
  has(name: string): boolean {
    return this.#operatorOf(name) >= 0;
  }

  /**
   * Runs an operator that returns one tensor; the caller frees it.
   *
   * @param name with its overload, and without `aten::`: `add.Tensor`, `relu`
   * @throws BackendError `OUT_OF_MEMORY` with the sizes, or `BACKEND_FAILED` with ATen's message
   */
  call(name: string, ...args: Argument[]): Handle {
    return this.#run(name, args) as Handle;
  }

  /** Runs an operator that returns several tensors; the caller frees them. `null` for one that ATen leaves undefined. */
  callAll(name: string, ...args: Argument[]): (Handle | null)[] {
    return this.#run(name, args) as (Handle | null)[];
  }

  #operatorOf(name: string): OperatorId {
    let id = this.#operators.get(name);
    if (id === undefined) {
      const [base, overload = ''] = qualified(name).split('.') as [string, string?];
      id = this.addon.operator(base, overload);
      this.#operators.set(name, id);
    }
    return id;
  }

  #run(name: string, args: readonly Argument[]): Returned {
    const id = this.#operatorOf(name);
    if (id < 0)
      throw new BackendError(
        'BACKEND_FAILED',
        `libtorch ${this.addon.torchVersion} has no operator ${qualified(name)}; a newer libtorch may have it`,
      );
    try {
      return this.addon.call(id, args);
    } catch (error) {
      throw nativeError(name, error as Error & { code?: string });
    }
  }
}

function qualified(name: string): string {
  return name.includes('::') ? name : `aten::${name}`;
}

/** The typed error for what the addon threw. */
export function nativeError(what: string, error: Error & { code?: string }): BackendError {
  const code = error.code === 'OUT_OF_MEMORY' ? 'OUT_OF_MEMORY' : 'BACKEND_FAILED';
  return new BackendError(code, `${what}: ${error.message}`, { cause: error });
}
