import type { SimVlmConfig } from '@simvlm/model';
import type { ConfigObject } from '../config/config-object';
import { unsupported } from '../invalid';
import {
  beyond,
  columnPartsOf,
  type Family,
  layersOf,
  linearOf,
  normOf,
  same,
  type TensorPlace,
  under,
} from './family';
import { classAndPositions, PARAMETERS, patchesOf, type Vision, visionConfig, visionOf } from './vision';

/** ViT (Dosovitskiy et al., 2021) and GPT-2 (Radford et al., 2019) with cross-attention: an encoder-decoder of two models. */
export const vitGpt2: Family = {
  name: 'ViT-GPT2',
  modelType: 'vision-encoder-decoder',
  architectures: ['VisionEncoderDecoderModel'],
  imageProcessor: 'ViTImageProcessor',
  describe(config, tokenizer) {
    const [encoder, decoder] = [config.object('encoder'), config.object('decoder')];
    for (const [part, known] of [
      [encoder, 'vit'],
      [decoder, 'gpt2'],
    ] as const)
      if (part.string('model_type') !== known)
        throw unsupported(
          `${part.where}: model_type is ${JSON.stringify(part.json.model_type)}; of the encoder-decoders of two models, that of "vit" and "gpt2" can be imported`,
        );
    encoder.mustBe('qkv_bias', true);
    for (const key of ['scale_attn_weights', 'add_cross_attention']) decoder.mustBe(key, true);
    decoder.mustBe('scale_attn_by_inverse_layer_idx', false);
    const width = decoder.integer('n_embd', 768);
    const vocabSize = decoder.integer('vocab_size', 50_257);
    const vision = visionConfig(encoder, 'gelu', 1e-12);
    return {
      architecture: 'encoder-decoder',
      imageSize: encoder.integer('image_size', 224),
      width,
      layers: decoder.integer('n_layer', 12),
      heads: decoder.integer('n_head', 12),
      mlp: decoder.integer('n_inner', 4 * width),
      vocabSize,
      maxTextLength: decoder.integer('n_positions', 1024),
      tokens: { ...tokensOf(config, decoder), ...beyond(vocabSize, tokenizer.vocabSize) },
      patcher: { kind: 'vit', ...vision, ...(vision.width !== width && { projection: 'linear' }) },
      imagePositions: { added: false, relative: false },
      block: {
        epsilon: decoder.number('layer_norm_epsilon', 1e-5),
        activation: decoder.activation('activation_function', 'gelu_new'),
      },
      encoder: { kind: 'none' },
      head: { tied: decoder.boolean('tie_word_embeddings', true) },
    };
  },
  tensors(config) {
    const { width: D, layers, vocabSize, maxTextLength } = config;
    const vision = visionOf(config);
    return [
      ...under('patcher', 'encoder', visionTensors(vision)),
      ...(vision.width === D ? [] : linearOf('patcher.out', 'enc_to_dec_proj', vision.width, D)),
      ...under('', 'decoder.transformer', [
        same('embedding.weight', 'wte.weight', [vocabSize, D]),
        same('positions.text', 'wpe.weight', [maxTextLength, D]),
        ...layersOf(layers, 'decoder', 'h', gpt2Block(config)),
        ...normOf('decoder.norm', 'ln_f', D),
      ]),
      ...(config.head?.tied ? [] : [same('head.weight', 'decoder.lm_head.weight', [vocabSize, D])]),
    ];
  },
  skipped: [
    /\.position_ids$/,
    // Masks.
    /^decoder\.transformer\.h\.\d+\.(attn|crossattention)\.(bias|masked_bias)$/,
    /^encoder\.pooler\./,
  ],
  shared: [['decoder.transformer.wte.weight', 'decoder.lm_head.weight']],
  resized: (config, imageSize) => ({
    ...config,
    encoder: { ...(config.encoder as object), image_size: imageSize },
  }),
};

function tokensOf(config: ConfigObject, decoder: ConfigObject) {
  const bos = config.integer('decoder_start_token_id', decoder.integer('bos_token_id', 50_256, 0), 0);
  const eos = config.integer('eos_token_id', decoder.integer('eos_token_id', 50_256, 0), 0);
  // Nothing ever sees what fills up, and it must not be what ends a text, as it is in GPT-2.
  return { pad: eos === 0 ? 1 : 0, bos, eos };
}

function visionTensors(vision: Vision): TensorPlace[] {
  const { width: V, layers, mlp } = vision;
  const block = [
    ...normOf('self.norm', 'layernorm_before', V),
    ...['query', 'key', 'value'].flatMap(name =>
      linearOf(`self.${name}`, `attention.attention.${name}`, V, V),
    ),
    ...linearOf('self.out', 'attention.output.dense', V, V),
    ...normOf('mlp.norm', 'layernorm_after', V),
    ...linearOf('mlp.hidden', 'intermediate.dense', V, mlp),
    ...linearOf('mlp.out', 'output.dense', mlp, V),
  ];
  return [
    ...under('', 'embeddings', [
      patchesOf('patch_embeddings.projection.weight', vision),
      same('patch.bias', 'patch_embeddings.projection.bias', [V]),
      ...classAndPositions('cls_token', 'position_embeddings', vision, PARAMETERS),
    ]),
    ...layersOf(layers, 'blocks', 'encoder.layer', block),
    ...normOf('norm_after', 'layernorm', V),
  ];
}

/** Its linear maps are `[in, out]` as ours are. */
function gpt2Block({ width: D, mlp }: SimVlmConfig): TensorPlace[] {
  return [
    ...normOf('self.norm', 'ln_1', D),
    ...columnPartsOf(['self.query', 'self.key', 'self.value'], 'attn.c_attn', D, D),
    ...columnPartsOf(['self.out'], 'attn.c_proj', D, D),
    ...normOf('cross.norm', 'ln_cross_attn', D),
    ...columnPartsOf(['cross.query'], 'crossattention.q_attn', D, D),
    ...columnPartsOf(['cross.key', 'cross.value'], 'crossattention.c_attn', D, D),
    ...columnPartsOf(['cross.out'], 'crossattention.c_proj', D, D),
    ...normOf('mlp.norm', 'ln_2', D),
    ...columnPartsOf(['mlp.hidden'], 'mlp.c_fc', D, mlp),
    ...columnPartsOf(['mlp.out'], 'mlp.c_proj', mlp, D),
  ];
}
