import {
  checkOptions,
  type EvaluatedItem,
  type EvaluationSubject,
  type Evaluator,
  type ExampleDataset,
  rule,
} from '@simvlm/core';
import { captionSignatures, referenceCount } from '@simvlm/metrics';
import type { SimVlm } from '@simvlm/model';
import { captionScores, checkReferences, cocoScores, type Prediction, predictCaptions } from '../captions';
import { measured, type NamedScores } from '../measured';

/**
 * `caption`: exact match and word F1 of captions. Options: `prompt`, the text prefix that captions go on from (default: the task's), which is not
 * compared; `sampler` (default: the model's own, else greedy); `limit`, `batchSize`.
 */
export const captionEvaluator = evaluatorOf('caption', captionScores);

/** `coco`: the metrics of COCO's caption evaluation, against all references of a picture. Options: as `caption`. */
export const cocoEvaluator = evaluatorOf('coco', cocoScores, checkReferences, captionSignatures);

function evaluatorOf(
  name: string,
  scores: (predictions: readonly Prediction[]) => NamedScores,
  check?: (data: ExampleDataset, limit?: number) => void,
  signaturesOf?: (references: string) => Readonly<Record<string, string>>,
): Evaluator {
  return async ({ model, tokenizer, prompt }: EvaluationSubject<SimVlm>, data, options, context = {}) => {
    checkOptions(`evaluator ${name}`, options, {
      ...{ limit: rule.integer(1), batchSize: rule.integer(1) },
      ...{ prompt: rule.string, sampler: rule.object },
    });
    check?.(data, options.limit as number | undefined);
    const { signal, onProgress } = context;
    const { predictions, skipped } = await predictCaptions(model, tokenizer, data, {
      ...(prompt !== undefined && { prompt }),
      ...options,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    signal?.throwIfAborted();
    const found = measured(predictions.length, scores(predictions), context);
    const signatures = Object.entries(signaturesOf?.(referenceCount(predictions)) ?? {});
    return {
      ...found,
      ...(signaturesOf && {
        signatures: Object.fromEntries(signatures.filter(([metric]) => Object.hasOwn(found.metrics, metric))),
      }),
      items: predictions.map(itemOf),
      skipped,
    };
  };
}

function itemOf({ id, text, references, logProb }: Prediction): EvaluatedItem {
  return { id, text, references: [...references], scores: [logProb] };
}
