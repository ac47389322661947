import { type EvaluationResult, TrainingError } from '@simvlm/core';

/** Says that a model does not use its images, once each time that it begins not to. */
export class ImageAlarm {
  readonly #least: number;
  /** Evaluators whose last results were too low. */
  readonly #low = new Set<string>();

  /** @param least of `imageUse`, as `validationLoss` measures it */
  constructor(least: number) {
    this.#least = least;
  }

  /** What there is to tell after an evaluation. */
  warning(step: number, results: EvaluationResult): TrainingError | undefined {
    for (const [name, use] of Object.entries(results)) {
      if (!name.endsWith('/imageUse')) continue;
      const isNew = use < this.#least && !this.#low.has(name);
      if (use < this.#least) this.#low.add(name);
      else this.#low.delete(name);
      if (isNew) return ignored(step, name, use, this.#least);
    }
    return undefined;
  }
}

function ignored(step: number, name: string, use: number, least: number): TrainingError {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return new TrainingError(
    'IMAGES_IGNORED',
    `the model hardly uses its images at step ${step}: with those of other rows its loss changes by ${percent(use)} (${name}), less than ${percent(least)}. ` +
      'Early in a training that may pass; later, see whether captions belong to their pictures and say what these show',
  );
}
