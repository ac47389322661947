import type { Advice } from './advice';

/** Codes of what was asked for: options, configurations, names, and training that goes wrong. */
export const requests = {
  CONFIG_INVALID: {
    means:
      'An option or a value of a configuration is of the wrong kind, out of range, or does not go with another.',
    messages: [
      '… is there already: give a new folder',
      '… is not empty (it holds …); give a new folder',
      '… is being written by process …',
      '… does not say which process holds it: delete it if none writes there',
      'attention: … heads do not divide width …',
      'the environment variable … is missing, and …',
    ],
    todo: 'Read the message: it names the option or the key by its path, what it was given, and what is allowed. [The configuration](configuration.md) has every key with its values, [the command line](cli.md) every option. A folder for results must be new, so that nothing is overwritten; the folder of a run that another process writes is free once that process has ended.',
  },
  CONFIG_UNKNOWN_KEY: {
    means: 'A configuration or an object of options has a key that does not exist.',
    messages: ['…: unknown key …; allowed: …', '… has no column "…"; it has …'],
    todo: 'Correct the name: the message lists those that are allowed and suggests the nearest. For a column of a table, name the right one with `--map image=COLUMN,text=COLUMN`.',
  },
  PLUGIN_DUPLICATE: {
    means: 'Two plug-ins use one name, or one plug-in was loaded twice.',
    messages: ['plug-in "…" is already in use', '… is already registered by …; choose another name'],
    todo: 'Give `--plugin` once for each plug-in. In a plug-in of your own, choose another name for the part.',
  },
  PLUGIN_UNKNOWN: {
    means: 'No loaded plug-in has a part of this name.',
    messages: [
      'no … "…"; registered: …',
      'this run was trained with plug-ins, which run code on this machine: if you trust them, add…',
    ],
    todo: 'Correct the name, or load the plug-in that has the part with `--plugin MODULE`. A checkpoint names the plug-ins that it was trained with; they run with your rights, so load only those that you trust. See [plug-ins](plugins.md).',
  },
  BACKEND_UNKNOWN: {
    means: 'There is no backend or device of this name.',
    messages: ['no backend "…"; there are …'],
    todo: 'Choose one of those that the message lists, or leave `--backend` and `--device` out: the fastest here is taken. `simvlm info` shows what works on this machine.',
  },
  TOKENIZER_VOCAB_SIZE: {
    means: 'The text does not give a vocabulary of the size that was asked for.',
    messages: [
      'vocabSize … is too large for this text: it gives … pieces; ask for fewer',
      'vocabSize … is too small: …',
    ],
    todo: 'Ask for the size that the message names, train on more text, or add `--soft-vocab-limit`, which takes as many pieces as the text gives.',
  },
  TRAINING_DIVERGED: {
    means:
      'The loss is no longer a number, or has risen far above its lowest value: training would only get worse.',
    messages: [
      '…; lower the learning rate (…) or clip harder',
      'the loss has risen from … to …: the best of the checkpoints is kept',
    ],
    todo: 'Go on from the checkpoint that was kept, with a lower learning rate: `--set optimizer.learningRate=…`. If it happens in the first steps, warm up longer (`optimizer.warmup`); if it comes back at the same step, look at the data there.',
  },
  LOSS_SPIKE: {
    means:
      'The loss or the gradient of a step is far above those before it. A warning; `spikes.action` of the configuration says what else is done.',
    messages: ['…; the step is skipped', '…; back to the last checkpoint'],
    todo: 'Nothing, if it happens once. If it happens again and again, lower the learning rate or clip gradients harder (`optimizer.clip`), and look for damaged examples with `simvlm data show`.',
  },
  IMAGES_IGNORED: {
    means:
      'A warning: the loss hardly changes when pictures are swapped, so the model may be learning captions without looking.',
    messages: ['the model hardly uses its images at step …'],
    todo: 'Wait, if training has just begun. If it stays, check that captions belong to their pictures (`simvlm data show`), and that they say what can be seen.',
  },
} as const satisfies Record<string, Advice>;
