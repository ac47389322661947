import type { Advice } from './advice';

/** Codes of the machine: disk, the storage of a browser, backends and memory. */
export const machine = {
  DISK_WRITE: {
    means: 'A file or folder cannot be written.',
    messages: ['cannot write …: …', '…; free some space, or let HF_HUB_CACHE name another place'],
    todo: 'Free some space, or give a folder where you may write. What was written before stays whole: a checkpoint is there completely or not at all.',
  },
  STORAGE_FULL: {
    means: "The browser's storage for this page is full.",
    messages: [
      "…: the browser's storage for this page is full: free some disk space; earlier checkpoints are untouched",
    ],
    todo: 'Free some disk space, or delete models that the page has kept. A browser gives a page only a share of the disk.',
  },
  STORAGE_ABSENT: {
    means: 'The browser keeps no files for this page.',
    messages: [
      'this browser keeps no files for this page (no origin private file system): in a private window there may be none, and it needs https or localhost',
    ],
    todo: 'Open the page in an ordinary window, over `https` or on `localhost`.',
  },
  BACKEND_UNAVAILABLE: {
    means: 'A backend exists but cannot run on this machine, or not yet.',
    messages: [
      'no libtorch found (…): …',
      'the native addon is not built yet: run `simvlm native build`',
      'the native backend runs on Linux, this is …',
      'cannot write the folder of the compiled addon, …',
    ],
    todo: '`simvlm info` says what works here, and what does not and why. Do what the message says, or leave `--backend` out: the backend wasm runs wherever Node does. See [backends](concepts/backends.md).',
  },
  BACKEND_FAILED: {
    means:
      'A backend failed while computing: a kernel is missing, a device was lost, or another process of the training left.',
    messages: [
      "the backend 'native' has no kernel for tensors of …: use tf.setBackend('cpu') for them",
      'webgpu: the device (…) was lost: …; register the backend again and go on from the last checkpoint',
      'the wasm kernel … trapped on … items',
      '…: this process has left the group',
    ],
    todo: 'Go on from the last checkpoint with `--resume`. If it happens again, use another backend (`--backend wasm`) and report it with the message and the output of `simvlm info`.',
  },
  OUT_OF_MEMORY: {
    means: 'The memory of the machine, of the device or of the wasm backend does not suffice.',
    messages: [
      'the wasm backend cannot allocate … MiB: … MiB in use, …',
      'a tensor of shape […] takes … bytes; this device binds at most …: make batches smaller',
      "the weights of this model take … GiB, and the backend '…' has … GiB for …",
    ],
    todo: 'Make batches smaller (`--set batch.imageText=…`; a higher `training.accumulate` keeps the examples of a step as many), or use a smaller model. The wasm backend has 4 GiB at most; the native backend has the memory of the machine.',
  },
} as const satisfies Record<string, Advice>;
