import { isSimVlmError } from '@simvlm/core';
import type { StudioFailure } from './engine';

/** A `StudioFailure` on its way through the engine; the page gets the failure alone. */
export class StudioError extends Error {
  constructor(
    readonly failure: StudioFailure,
    options?: { cause?: unknown },
  ) {
    super(failure.title, options);
  }
}

export function studioError(
  code: StudioFailure['code'],
  title: string,
  advice: string,
  cause?: unknown,
): StudioError {
  const detail = cause === undefined ? undefined : detailOf(cause);
  return new StudioError({ code, title, advice, ...(detail && { detail }) }, { cause });
}

const damaged = {
  code: 'CHECKPOINT_DAMAGED',
  title: 'This checkpoint is damaged',
  advice:
    'A file of it is missing, cut off or changed. Export or copy it again; the model in use stays as it was.',
} as const;

const mismatch = {
  code: 'CHECKPOINT_MISMATCH',
  title: 'The files of this checkpoint do not belong together',
  advice: 'Weights, configuration and tokenizer must be of one model. The model in use stays as it was.',
} as const;

const unusableText = {
  code: 'LESSONS_UNUSABLE',
  title: 'A caption is empty',
  advice: 'Write what the picture shows, in a few words.',
} as const;

/** What is said of the errors of the library, by their codes. */
const known: Readonly<Record<string, Omit<StudioFailure, 'detail'>>> = {
  IMAGE_UNREADABLE: {
    code: 'PICTURE_BROKEN',
    title: 'This picture is broken',
    advice: 'It cannot be read to its end. Save or download it once more, or choose another.',
  },
  IMAGE_TOO_LARGE: {
    code: 'PICTURE_TOO_LARGE',
    title: 'This picture is too large',
    advice: 'Pictures may have 67 million pixels and 100 MB. Make it smaller, and try again.',
  },
  CHECKPOINT_INVALID: damaged,
  WEIGHTS_INVALID: damaged,
  TOKENIZER_INVALID: damaged,
  CHECKPOINT_MISMATCH: mismatch,
  CONFIG_INVALID: mismatch,
  CONFIG_UNKNOWN_KEY: mismatch,
  PLUGIN_UNKNOWN: {
    code: 'CHECKPOINT_UNKNOWN',
    title: 'This model is of a kind that the page does not know',
    advice:
      'A part of it comes from a plug-in. Use it on the command line, which can load plug-ins. The model in use stays as it was.',
  },
  CHECKPOINT_NOT_FOUND: {
    code: 'CHECKPOINT_NOT_FOUND',
    title: 'There is no checkpoint at this address',
    advice: 'Give the address of the folder that has manifest.json in it. The model in use stays as it was.',
  },
  CAPTION_EMPTY: unusableText,
  STORAGE_FULL: {
    code: 'STORAGE_FULL',
    title: 'There is no room to keep this',
    advice:
      'The training goes on, and is lost when the page is closed: export it before, or free some disk space.',
  },
  STORAGE_ABSENT: {
    code: 'STORAGE_ABSENT',
    title: 'This browser keeps nothing for this page',
    advice:
      'In a private window that is so. What is taught works, and is lost when the page is closed: export it before.',
  },
  DISK_WRITE: {
    code: 'STORAGE_ABSENT',
    title: 'The browser could not keep this',
    advice: 'What is taught works, and is lost when the page is closed: export it before.',
  },
  OUT_OF_MEMORY: {
    code: 'OUT_OF_MEMORY',
    title: 'The memory is not enough',
    advice: 'Close other pages, or make the batch smaller, and try again. Nothing is lost.',
  },
  TRAINING_DIVERGED: {
    code: 'TRAINING_DIVERGED',
    title: 'The training ran away',
    advice: 'Lower the learning rate and train again. The model is back at its last checkpoint.',
  },
};

/** Any error as what the page shows. */
export function toFailure(error: unknown): StudioFailure {
  if (error instanceof StudioError) return error.failure;
  const found = isSimVlmError(error) ? known[error.code] : undefined;
  return {
    ...(found ?? {
      code: 'UNEXPECTED',
      title: 'Something went wrong that should not',
      advice: 'Try it once more; if it happens again, reload the page. What was saved is kept.',
    }),
    detail: detailOf(error),
  };
}

/** The GPU is gone, by a driver that began anew or by another program; whatever was on it is lost, and nothing else. */
export function gpuLost(detail: string): StudioFailure {
  return {
    code: 'GPU_LOST',
    title: 'The graphics card was lost',
    advice:
      'Its driver began anew, or it was taken away. Nothing is lost but the steps since the last checkpoint: try again, and the engine starts anew.',
    detail,
  };
}

function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
