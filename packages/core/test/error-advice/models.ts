import type { Advice } from './advice';

/** Codes of models: weights, checkpoints and the hub that they come from. */
export const models = {
  WEIGHTS_INVALID: {
    means:
      'A file of weights is damaged, not in a format that is read, or holds numbers that are not finite.',
    messages: [
      'not a usable safetensors file: …',
      'which is not a finite number; use an earlier checkpoint',
      '… is not a file of adapters: …',
      '…; nothing in it was executed; convert it where you trust it',
    ],
    todo: 'Fetch the file again, or use an earlier checkpoint. A PyTorch file that holds more than weights is refused: convert it to safetensors where you trust it.',
  },
  CHECKPOINT_INVALID: {
    means:
      'A checkpoint is there but damaged: a file is missing, cut off or not the one that its manifest lists.',
    messages: [
      '…: cannot read … (…); use another checkpoint',
      '… is not the one that the manifest lists; load it again',
      '"…" is no address of a checkpoint',
    ],
    todo: 'Use the checkpoint before it: a run folder may hold several, named `step-…`. Copy or download it again if it came from elsewhere.',
  },
  CHECKPOINT_MISMATCH: {
    means: 'A checkpoint belongs to a model of another kind or size.',
    messages: [
      '…: this model has no "…"',
      '…: "…" is missing',
      '…: "…" is […], this model needs […]',
      'lora: there are no adapters to merge',
    ],
    todo: 'Use the configuration that the checkpoint was trained with; `--resume` needs the same model, `--init` takes another image size. Adapters fit only the model that they were trained on.',
  },
  CHECKPOINT_NOT_FOUND: {
    means: 'There is no checkpoint at this place.',
    messages: [
      'no checkpoint at …: …',
      'no checkpoint in …: …',
      'it holds no folder named step-…',
      'cannot read the folder … (…); give a folder with config.json and model.safetensors',
    ],
    todo: 'Give a checkpoint, a run folder with checkpoints such as `runs/demo`, a web address, or `hf:OWNER/NAME`. A run that was stopped before its first checkpoint has none.',
  },
  HUB_NOT_FOUND: {
    means: 'The hub has no such repository, revision or file.',
    messages: [
      '…: there is no such repository, or it is private',
      '…: the repository has no such revision',
      '…: the repository has no such file',
    ],
    todo: 'Check the name, `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`. For a private repository, set `HF_TOKEN` to a token that may read it.',
  },
  HUB_ACCESS: {
    means: 'The hub does not let you read this repository.',
    messages: [
      '…: this model is gated; accept its licence on its page…',
      'it needs a token; set HF_TOKEN',
      'your token gives no access; make a new one with the right to read',
    ],
    todo: "Accept the model's licence on its page, and set `HF_TOKEN` to a token of the same account with the right to read.",
  },
  HUB_UNREACHABLE: {
    means: 'The hub does not answer, or this machine is told to stay offline.',
    messages: [
      '…; try again later',
      'HF_HUB_OFFLINE is set, and the cache … has …',
      'the cache has only part of …',
    ],
    todo: 'Check the network and try again. What has been downloaded is kept and used without a network. Unset `HF_HUB_OFFLINE` to download.',
  },
  HUB_INVALID: {
    means:
      'The hub sent something that it should not have, or the repository holds no model that can be read.',
    messages: [
      'the repository holds no model that can be read: it needs config.json with model.safetensors or pytorch_model.bin, or a checkpoint of SimVLM',
      '… is not the file that the repository lists (its size or checksum differs); download it again',
      '…: redirects to an address that is not https',
    ],
    todo: 'Download again. If a repository holds no model that can be read, choose one with `config.json` and `model.safetensors`: GIT, BLIP or ViT-GPT2.',
  },
} as const satisfies Record<string, Advice>;
