import { runName } from '@simvlm/core';
import { augmentations } from '@simvlm/image';
import * as z from 'zod';
import { integer, number, oneOf, text, texts } from './leaves';
import * as sections from './sections';

/** The ways to say how long a run is. */
export const LENGTHS = ['steps', 'epochs', 'minutes'] as const;

/** Keys that exclude each other, by their paths. */
export const EXCLUSIVE: readonly (readonly string[])[] = [
  LENGTHS,
  ['tokenizer.model', 'tokenizer.vocabSize'],
  ['data.val', 'data.valShare'],
];

/**
 * The one description of a run: the type, the check with its messages, the JSON Schema for editors and the table in the docs all come from
 * it. The text of a leaf's check says what is allowed there; `configError` makes the sentence around it.
 */
export const runSchema = z
  .strictObject(
    {
      $schema: text('The JSON Schema of this file, for editors.').optional(),
      name: z
        .string(runName.expected)
        .refine(runName.accepts, runName.expected)
        .describe('What the run is called: the name of a folder in `runs/`.'),
      about: sections.about.optional(),
      seed: integer(0, undefined, 'Every random draw of the run follows from it.').default(1),
      plugins: texts(
        'Modules whose default export is a plug-in: packages, or files that begin with `./`, `../` or `/`.',
      ).default([]),
      model: sections.model,
      init: text(
        'Begins with the weights and the tokenizer of this checkpoint, run folder or web address; `emoji` is the bundled model.',
      ).optional(),
      lora: sections.lora.optional(),
      task: sections.task,
      objective: sections.objective,
      data: sections.data,
      tokenizer: sections.tokenizer,
      batch: sections.batch,
      augment: oneOf(augmentations, 'How training pictures are varied.').default('none'),
      optimizer: sections.optimizer,
      regularization: sections.regularization,
      training: sections.training,
      precision: oneOf(
        ['float32', 'bfloat16'],
        'How exactly the training computes. The weights of a checkpoint are float32 all the same.',
      ).default('float32'),
      steps: integer(1, undefined, 'How long: steps of the optimiser in all.').optional(),
      epochs: number(
        { above: 0 },
        'How long: passes through the training pictures, parts of one too.',
      ).optional(),
      minutes: number({ min: 0.01 }, 'How long: minutes of training.').optional(),
      checkpoints: sections.checkpoints,
      evaluation: sections.evaluation,
      earlyStopping: sections.earlyStopping.optional(),
      spikes: sections.spikes,
      callbacks: sections.callbacks,
    },
    'an object',
  )
  .describe('A training run of SimVLM.');

/** Everything that a training run depends on: a JSON file for `simvlm train`, part of every checkpoint. */
export type RunConfig = Omit<z.output<typeof runSchema>, '$schema'>;

/** The same as it is written, without what has a default. */
export type RunConfigInput = z.input<typeof runSchema>;
