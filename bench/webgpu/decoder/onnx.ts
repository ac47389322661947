/** Builds an ONNX file: nodes, weights, inputs and outputs, by the field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. */
import { Float, message } from './protobuf';

const TYPE = { float32: 1, int32: 6, int64: 7 } as const;
/** Of attributes. */
const [FLOAT, INT, STRING] = [1, 2, 3];
const [IR_VERSION, OPSET] = [9, 17];
/** The operations that ONNX Runtime adds. */
export const MICROSOFT = 'com.microsoft';

export class OnnxGraph {
  readonly #nodes: Uint8Array[] = [];
  readonly #weights: Uint8Array[] = [];
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  #names = 0;

  /** @param shape a name stands for an extent that may change */
  input(name: string, type: keyof typeof TYPE, shape: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, type: keyof typeof TYPE, shape: readonly (number | string)[]): void {
    this.#outputs.push(valueInfo(name, type, shape));
  }

  weight(name: string, shape: readonly number[], values: Float32Array): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#weights.push(
      message([...shape.map(extent => [1, extent] as const), [2, TYPE.float32], [8, name], [9, bytes]]),
    );
    return name;
  }

  /**
   * @param inputs an empty name stands for an optional one that is left out
   * @param outputs names, or how many of them there are
   */
  node(
    operator: string,
    inputs: readonly string[],
    { domain = '', outputs = 1 as number | readonly string[], ...attributes }: NodeOptions = {},
  ): string[] {
    const names =
      typeof outputs === 'number' ? Array.from({ length: outputs }, () => `t${this.#names++}`) : outputs;
    this.#nodes.push(
      message([
        ...inputs.map(name => [1, name] as const),
        ...names.map(name => [2, name] as const),
        [4, operator],
        ...Object.entries(attributes.attributes ?? {}).map(
          ([name, value]) => [5, attribute(name, value)] as const,
        ),
        [7, domain],
      ]),
    );
    return [...names];
  }

  bytes(): Uint8Array {
    const graph = message([
      ...this.#nodes.map(node => [1, node] as const),
      [2, 'decoder'],
      ...this.#weights.map(weight => [5, weight] as const),
      ...this.#inputs.map(input => [11, input] as const),
      ...this.#outputs.map(output => [12, output] as const),
    ]);
    const opset = (domain: string, version: number) =>
      [
        8,
        message([
          [1, domain],
          [2, version],
        ]),
      ] as const;
    return message([[1, IR_VERSION], [7, graph], opset('', OPSET), opset(MICROSOFT, 1)]);
  }
}

export interface NodeOptions {
  readonly domain?: string;
  readonly outputs?: number | readonly string[];
  /** Whole numbers are ints, unless they are wrapped. */
  readonly attributes?: Readonly<Record<string, number | string | Float>>;
}

function attribute(name: string, value: number | string | Float): Uint8Array {
  if (value instanceof Float)
    return message([
      [1, name],
      [2, value],
      [20, FLOAT],
    ]);
  if (typeof value === 'string')
    return message([
      [1, name],
      [4, value],
      [20, STRING],
    ]);
  return message([
    [1, name],
    [3, value],
    [20, INT],
  ]);
}

function valueInfo(name: string, type: keyof typeof TYPE, shape: readonly (number | string)[]): Uint8Array {
  const extents = shape.map(
    extent => [1, message([typeof extent === 'number' ? [1, extent] : [2, extent]])] as const,
  );
  const tensor = message([
    [1, TYPE[type]],
    [2, message(extents)],
  ]);
  return message([
    [1, name],
    [2, message([[1, tensor]])],
  ]);
}
