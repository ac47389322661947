import { unsupported } from '../invalid';
import { bertBlock, bertConfig, bertEmbeddings } from './bert';
import { beyond, type Family, layersOf, linearOf, normOf, same, under } from './family';
import { classAndPositions, clipBlocks, patchesOf, TABLES, visionConfig, visionOf } from './vision';

/** GIT (Wang et al., 2022): the tokens of CLIP's image encoder, then the text, in one stack of BERT's blocks. */
export const git: Family = {
  name: 'GIT',
  modelType: 'git',
  architectures: ['GitForCausalLM'],
  imageProcessor: 'CLIPImageProcessor',
  describe(config, tokenizer) {
    if (config.has('num_image_with_embedding'))
      throw unsupported(
        `${config.where}: num_image_with_embedding is set: a GIT for videos, which cannot be imported; those for pictures can`,
      );
    const text = bertConfig(config, { heads: 12, layers: 6, vocabulary: 30_522, positions: 1024 });
    const vision = config.object('vision_config');
    return {
      architecture: 'decoder-only',
      imageSize: vision.integer('image_size', 224),
      ...text,
      tokens: {
        pad: config.integer('pad_token_id', 0, 0),
        bos: config.integer('bos_token_id', 101, 0),
        eos: config.integer('eos_token_id', 102, 0),
        ...beyond(text.vocabSize, tokenizer.vocabSize),
      },
      patcher: {
        kind: 'vit',
        ...visionConfig(vision, 'quick_gelu', 1e-5),
        patchBias: false,
        normBefore: true,
        projection: 'linear-norm',
      },
      imagePositions: { added: false, relative: false },
      textPrefix: 'causal',
      head: { tied: config.boolean('tie_word_embeddings', false), bias: true },
    };
  },
  tensors(config) {
    const { width: D, layers, vocabSize } = config;
    const vision = visionOf(config);
    const V = vision.width;
    const attention = ['query', 'key', 'value', 'out'].flatMap(name =>
      linearOf(`self.${name}`, `self_attn.${name === 'out' ? 'out' : name[0]}_proj`, V, V),
    );
    const head = [
      ...(config.head?.tied ? [] : [same('head.weight', 'output.weight', [vocabSize, D])]),
      same('head.bias', 'output.bias', [vocabSize]),
    ];
    return [
      ...under('patcher', 'git.image_encoder.vision_model', [
        ...under('', 'embeddings', [
          patchesOf('patch_embedding.weight', vision),
          ...classAndPositions('class_embedding', 'position_embedding.weight', vision, TABLES),
        ]),
        ...normOf('norm_before', 'pre_layrnorm', V),
        ...clipBlocks(vision, attention),
        ...normOf('norm_after', 'post_layernorm', V),
      ]),
      ...under('patcher', 'git.visual_projection.visual_projection', [
        ...linearOf('out', '0', V, D),
        ...normOf('out_norm', '1', D),
      ]),
      ...under('', 'git.embeddings', bertEmbeddings(config)),
      ...layersOf(layers, 'decoder', 'git.encoder.layer', bertBlock(config)),
      ...head,
    ];
  },
  skipped: [/\.position_ids$/, /^git\.image_encoder\.visual_projection\.weight$/],
  shared: [['git.embeddings.word_embeddings.weight', 'output.weight']],
  resized: (config, imageSize) => ({
    ...config,
    vision_config: { ...(config.vision_config as object), image_size: imageSize },
  }),
};
