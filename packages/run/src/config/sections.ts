import * as z from 'zod';
import { flag, integer, number, oneOf, section, text, texts } from './leaves';
import { documents, named, type Options, sources } from './sources';

const options = z.record(z.string(), z.unknown()) as unknown as z.ZodType<Options, Options>;

export const about = section(
  {
    what: text('What the run is for, in a sentence or two.').optional(),
    command: text('The command that runs it.').optional(),
    duration: text('How long it takes.').optional(),
    machine: text('The machine that it takes so long on.').optional(),
    result: text('What it reaches.').optional(),
    source: text('Where its settings and numbers are from.').optional(),
  },
  'The head of a recipe, for its readers: nothing in the run depends on it.',
);

export const model = z
  .union([z.string(), options], 'a preset name or a model configuration')
  .describe(
    'The name of a preset; a preset with changes, such as `{"preset": "base", "imageSize": 480}`; or a model configuration without `vocabSize`, which the tokenizer gives.',
  );

export const data = section(
  {
    train: sources.describe(
      'Where examples come from: a path, `"emoji"`, `{ "path": …, … }`, `{ "source": NAME, … }` with the options of a registered source, or a list of these, mixed by weight.',
    ),
    val: sources
      .describe('Examples for validation, which are never trained on. `emoji` has its own.')
      .optional(),
    valShare: number(
      { above: 0, max: 0.5 },
      'Share of the pictures of `train` that is split off for validation, with all their captions. Excludes `val`. Default: none.',
    ).optional(),
    documents: documents
      .describe(
        'Text without pictures: a file, one document a line, which is kept in memory; or a source, which is read as it goes and takes the place of text found in `train`. `emoji` has its own: WordNet glosses.',
      )
      .optional(),
    workers: integer(
      0,
      64,
      'Threads that decode and vary pictures; 0: the thread that trains. Default: 0 where pictures come decoded, else one less than the machine has cores for each process, from 1 to 8.',
    ).optional(),
    skipLimit: number(
      { min: 0, max: 1 },
      'Share of the examples that may be unusable, such as pictures that cannot be decoded; more is an error.',
    ).default(0.1),
  },
  'What the model learns from.',
);

export const tokenizer = section(
  {
    vocabSize: integer(
      16,
      1_000_000,
      'Pieces that are learnt from captions and documents, special ones included. A small text gives fewer. Default: 8000. Excludes `model`.',
    ).optional(),
    model: text(
      'A tokenizer to use instead: a SentencePiece `.model`, a `tokenizer.json`, a `vocab.txt`, a folder with `vocab.json` and `merges.txt`, or `emoji`, that of the bundled model. Excludes `vocabSize`.',
    ).optional(),
    sentinels: integer(
      0,
      10_000,
      'Pieces for the objective `span-corruption`, beside the others; T5 has 100.',
    ).default(0),
  },
  'The vocabulary. A run that begins with the weights of a checkpoint has its tokenizer.',
).prefault({});

export const objective = named('an objective such as "prefix-lm"')
  .describe(
    'What is learnt from a text: `prefix-lm`, `captioning`, `mixture`, `causal-lm`, `span-corruption`, or one of a plug-in, with its options.',
  )
  .prefault({ kind: 'prefix-lm' });

export const task = named('a task such as "pretrain"')
  .describe(
    'What the model is trained for: `pretrain` (captions and text), `caption` (behind a prompt), `classify` (labels), `answer` (questions), `translate`, `vqa`, `nlvr2`, `snli-ve`, `glue`, `probe` (labels from frozen features), or one of a plug-in, with its options.',
  )
  .prefault({ kind: 'pretrain' });

export const callbacks = z
  .array(named('a callback'), 'a list of callbacks such as {"kind": "NAME"}')
  .describe('What else happens during training: callbacks of plug-ins, each with its options.')
  .default([]);

export const batch = section(
  {
    imageText: integer(0, 65_536, 'Pictures with captions in a batch, or examples of a task.').default(64),
    textOnly: integer(
      0,
      65_536,
      'Documents in a batch, where there are any. The paper has one to eight pictures.',
    ).default(8),
  },
  'How many examples make a batch.',
).prefault({});

export const optimizer = section(
  {
    learningRate: number({ min: 0, max: 1 }, 'Peak learning rate.'),
    weightDecay: number({ min: 0, max: 1 }, 'Decoupled weight decay of weight matrices.').default(0.01),
    beta1: number({ min: 0, below: 1 }, 'How long AdamW remembers gradients.').default(0.9),
    beta2: number({ min: 0, below: 1 }, 'How long AdamW remembers squared gradients.').default(0.999),
    epsilon: number({ above: 0 }, "Keeps AdamW's steps finite.").default(1e-8),
    clip: number({ min: 0 }, 'Limit of the global gradient norm; 0 for none.').default(1),
    warmup: number(
      { min: 0 },
      'Warm-up from 0: below 1 a share of all steps, from 1 on a number of steps. Of a run of `minutes`: 40 steps or more, by default 100.',
    ).default(0.02),
    schedule: oneOf(
      ['linear', 'cosine', 'constant'],
      'What follows the warm-up; the first two go down to 0.',
    ).default('linear'),
    layerDecay: number(
      { above: 0, max: 1 },
      'Multiplies the learning rate once for each block above a parameter; 1: all learn alike.',
    ).default(1),
    freeze: texts('Parameters that stay as they are; `*` stands for any characters.').default([]),
    groups: z
      .array(
        section(
          {
            match: texts('Names of parameters; `*` stands for any characters.'),
            learningRate: number({ min: 0 }, 'Multiplies the learning rate.').optional(),
            weightDecay: number({ min: 0, max: 1 }, 'Weight decay of their weight matrices.').optional(),
          },
          'Rates of some parameters.',
        ),
        'a list of groups such as {"match": ["patcher.*"], "learningRate": 0.1}',
      )
      .describe(
        'Rates of some parameters, such as `{"match": ["patcher.*"], "learningRate": 0.1, "weightDecay": 0}`, where `learningRate` is a factor; the first that matches a parameter counts.',
      )
      .default([]),
    emaDecay: number(
      { min: 0, below: 1 },
      'Averages the weights exponentially, and gives the average to those who use the model. Default: no average.',
    ).optional(),
  },
  'AdamW and its learning rate.',
);

export const regularization = section(
  {
    dropout: number({ min: 0, below: 1 }, 'Dropout after each sublayer and on the embeddings.').default(0),
    stochasticDepth: number(
      { min: 0, below: 1 },
      'Share of the deepest block that is left out in a step, of the others less.',
    ).default(0),
    labelSmoothing: number(
      { min: 0, below: 1 },
      'Share of the target that goes to all tokens alike.',
    ).default(0),
  },
  'What belongs to training alone and keeps it from learning by heart.',
).prefault({});

export const training = section(
  {
    accumulate: integer(1, undefined, 'Batches whose gradients make a step.').default(1),
    checkpointBlocks: flag('Computes blocks again in the backward pass: less memory, more time.').default(
      false,
    ),
    captureSteps: flag(
      'Records a step and replays it: less time a step, on the backend `native`; on `webgpu` updates in place.',
    ).default(false),
    gradientPrecision: oneOf(
      ['float32', 'bfloat16'],
      'What gradients travel as between several processes.',
    ).default('float32'),
    shardOptimizer: flag('Each of several processes keeps its share of the moments alone.').default(false),
  },
  'How a step is computed.',
).prefault({});

export const lora = section(
  {
    rank: integer(1, 65_536, 'Rank of the adapters.'),
    alpha: number({ above: 0 }, 'Scales what they add, by alpha ÷ rank. Default: the rank.').optional(),
    targets: texts(
      'Linear maps that get an adapter; `*` stands for any characters. Default: `["*.query", "*.value"]`.',
    ).optional(),
  },
  'Trains adapters of low rank beside the weights that `init` gives.',
);

const evaluators = z
  .array(named('an evaluator'), 'a list of evaluators such as {"kind": "caption"}')
  .describe(
    'What is measured beside the validation loss `val/loss`: `caption`, `coco` (BLEU, ROUGE-L, CIDEr-D), `choice`, `answers`, `labels`, `regression`, `vqa`, or those of plug-ins, with their options. Default: what suits the task.',
  )
  .optional();

export const evaluation = section(
  {
    steps: integer(1, undefined, 'Steps between two evaluations. Default: none.').optional(),
    seconds: number({ min: 0 }, 'Seconds of training between two evaluations. Default: none.').optional(),
    evaluators,
    pictures: integer(1, undefined, 'Validation pictures that are evaluated at most.').default(500),
    best: section(
      {
        name: text('A metric by its name, such as `val/loss` or `caption/wordF1`.'),
        better: oneOf(['lower', 'higher'], 'Which of its values are better.'),
      },
      'What the best checkpoint is best at; a checkpoint is written at each new best.',
    ).optional(),
    imageUse: number(
      { min: 0 },
      'Warns when exchanging the images of validation rows costs less than this share of the loss: the model does not use them.',
    ).default(0.01),
  },
  'When and how the model is evaluated during training; the last step is, too.',
).prefault({});

export const earlyStopping = section(
  {
    patience: integer(1, undefined, 'Evaluations without an improvement after which the run ends.'),
    minDelta: number({ min: 0 }, 'What an improvement is more than.').default(0),
  },
  'Ends the run when the metric of the best checkpoint no longer gets better. Default: never.',
);

export const spikes = section(
  {
    action: oneOf(
      ['warn', 'skip', 'rollback'],
      'A warning alone; without the update of that step; or back to the last checkpoint, and on with other data.',
    ).default('warn'),
    deviations: number(
      { above: 0 },
      'A loss is a spike so many standard deviations above the mean of the last ones.',
    ).default(6),
    window: integer(20, undefined, 'How many last losses that is.').default(100),
    limit: integer(1, undefined, 'Steps skipped in a row, or rollbacks in all, that end the run.').default(
      10,
    ),
  },
  'What is done about a loss far above its course.',
).prefault({});

export const checkpoints = section(
  {
    seconds: number({ min: 0 }, 'Seconds between two checkpoints; 0: one after each step.').default(300),
    steps: integer(1, undefined, 'Also one after so many steps. Default: none.').optional(),
    keep: section(
      {
        last: integer(1, undefined, 'Keeps the newest so many.').default(2),
        every: integer(
          1,
          undefined,
          'Also keeps those whose step is a multiple of this. Default: none.',
        ).optional(),
        best: integer(0, undefined, 'Keeps the best so many, where the run is evaluated.').default(1),
      },
      'Which checkpoints stay. Each rule adds to the others.',
    ).prefault({}),
  },
  'When checkpoints are written.',
).prefault({});
