/**
 * One step of cached decoding as an ONNX graph, with the weights and names of SimVLM, in the operations that ONNX Runtime has fused
 * kernels for. `B` rows, `P` tokens in the cache, `M` of the memory, `H` heads, `d` head width, `D` width, `V` vocabulary.
 */
import { smallConfig, startingWeights } from '../../lib/simvlm-problem';
import { IMAGE_TOKENS, type Scale } from '../problem';
import { MICROSOFT, OnnxGraph } from './onnx';
import { Float } from './protobuf';

const { width: D, heads: H, layers, vocabSize: V } = smallConfig;
const d = D / H;
const epsilon = new Float(1e-6);

/** Names of a layer's inputs and outputs. */
export const names = (layer: number) => ({
  past: [`past_key.${layer}`, `past_value.${layer}`],
  present: [`present_key.${layer}`, `present_value.${layer}`],
  memory: [`memory_key.${layer}`, `memory_value.${layer}`],
});

/** Inputs `tokens` int32[B, 1], `position` int32[1], past and memory; outputs `logits` [B, 1, V], `best` int64[B, 1] and present. */
export function decoderStep({ config }: Scale): Uint8Array {
  const graph = new OnnxGraph();
  const parameters = new Map(startingWeights(config));
  const declared = new Set<string>();
  const weight = (name: string) => {
    const { shape, values } = parameters.get(name)!;
    if (!declared.has(name)) graph.weight(name, shape, values);
    declared.add(name);
    return name;
  };
  const one = (operator: string, inputs: string[], options?: Parameters<OnnxGraph['node']>[2]) =>
    graph.node(operator, inputs, options)[0]!;
  const linear = (x: string, name: string) =>
    one('Add', [one('MatMul', [x, weight(`${name}.weight`)]), weight(`${name}.bias`)]);
  const attributes = { epsilon };
  /** The layer norm of x, or of x plus what a block added: `[the sum, its norm]`. */
  const added = (x: string, more: string, name: string) => {
    const inputs = [x, more, weight(`${name}.gamma`), weight(`${name}.beta`)];
    const outputs = graph.node('SkipLayerNormalization', inputs, {
      domain: MICROSOFT,
      outputs: 4,
      attributes,
    });
    return [outputs[3]!, outputs[0]!] as const;
  };
  const attention = (inputs: string[], present: readonly string[] = []) => {
    const outputs = present.length > 0 ? [`${present[0]}.mixed`, ...present] : 1;
    return one('MultiHeadAttention', inputs, { domain: MICROSOFT, outputs, attributes: { num_heads: H } });
  };

  const tokens = graph.input('tokens', 'int32', ['B', 1]);
  const position = graph.input('position', 'int32', [1]);
  let x = one('Add', [
    one('Gather', [weight('embedding.weight'), tokens]),
    one('Gather', [weight('positions.text'), position]),
  ]);
  let normed = one(
    'LayerNormalization',
    [x, weight('decoder.0.self.norm.gamma'), weight('decoder.0.self.norm.beta')],
    {
      attributes,
    },
  );
  for (let i = 0; i < layers; i++) {
    const block = `decoder.${i}`;
    const { past, present, memory } = names(i);
    for (const name of past) graph.input(name, 'float32', ['B', H, 'P', d]);
    for (const name of memory) graph.input(name, 'float32', ['B', H, IMAGE_TOKENS, d]);
    const [q, k, v] = ['query', 'key', 'value'].map(name => linear(normed, `${block}.self.${name}`));
    const self = attention([q!, k!, v!, '', '', '', ...past], present);
    [x, normed] = added(x, linear(self, `${block}.self.out`), `${block}.cross.norm`);
    const cross = attention([linear(normed, `${block}.cross.query`), ...memory]);
    [x, normed] = added(x, linear(cross, `${block}.cross.out`), `${block}.mlp.norm`);
    const hidden = one('MatMul', [normed, weight(`${block}.mlp.hidden.weight`)]);
    const active = one('FastGelu', [hidden, weight(`${block}.mlp.hidden.bias`)], { domain: MICROSOFT });
    const next = i + 1 < layers ? `decoder.${i + 1}.self.norm` : 'decoder.norm';
    [x, normed] = added(x, linear(active, `${block}.mlp.out`), next);
    for (const name of present) graph.output(name, 'float32', ['B', H, 'P1', d]);
  }
  graph.weight('embedding.transposed', [D, V], transposed(parameters.get('embedding.weight')!.values));
  graph.node('MatMul', [normed, 'embedding.transposed'], { outputs: ['logits'] });
  graph.node('ArgMax', ['logits'], { outputs: ['best'], attributes: { axis: 2, keepdims: 0 } });
  graph.output('logits', 'float32', ['B', 1, V]);
  graph.output('best', 'int64', ['B', 1]);
  return graph.bytes();
}

function transposed(table: Float32Array): Float32Array {
  const result = new Float32Array(V * D);
  for (let i = 0; i < V; i++) for (let j = 0; j < D; j++) result[j * V + i] = table[i * D + j]!;
  return result;
}
