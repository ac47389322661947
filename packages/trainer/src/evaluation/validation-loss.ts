import { breathe, DataError, type EvaluationResult } from '@simvlm/core';
import { upload } from '@simvlm/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainLearner } from '../learner';
import type { Evaluate } from './evaluations';

/**
 * An evaluator: the mean loss over all validation data, in nats, without dropout or label smoothing. Where rows have images it also exchanges
 * them among the rows of a batch: a model that uses its images then predicts worse.
 *
 * - `loss`
 * - `exchangedLoss`: the same with images exchanged wherever there are some to exchange
 * - `imageUse`: what exchanging costs, as a share of the loss of the batches whose images were exchanged: 0.5 is half as much again
 *
 * @param batches the validation data from beginning to end, the same at each call: `Task.validation`
 * @returns throws DataError when there are none. The number of tensors is constant
 */
export function validationLoss<B>(
  learner: TrainLearner<B>,
  batches: () => AsyncIterable<readonly B[]>,
): Evaluate {
  return async (_, signal) => {
    let count = 0;
    let loss = 0;
    const exchangeable = { loss: 0, exchanged: 0 };
    for await (const parts of batches())
      for (const part of parts) {
        signal?.throwIfAborted();
        const own = await lossSum(learner, part);
        const exchanged = learner.exchangeImages?.(part);
        if (exchanged) {
          exchangeable.loss += own;
          exchangeable.exchanged += await lossSum(learner, exchanged);
        }
        count += learner.count(part);
        loss += own;
        await breathe();
      }
    if (count === 0)
      throw new DataError('DATA_INVALID', 'the validation data hold nothing to predict: give other ones');
    return { loss: loss / count, ...imageUse(exchangeable, loss, count) };
  };
}

function imageUse(
  exchangeable: { readonly loss: number; readonly exchanged: number },
  loss: number,
  count: number,
): EvaluationResult {
  if (exchangeable.loss === 0) return {};
  const cost = exchangeable.exchanged - exchangeable.loss;
  return { exchangedLoss: (loss + cost) / count, imageUse: cost / exchangeable.loss };
}

/** The sum of the losses of a batch. */
async function lossSum<B>(learner: TrainLearner<B>, batch: B): Promise<number> {
  const loss = tf.tidy(() => learner.loss(upload(learner.feeds(batch, { padding: 'short' })), false));
  try {
    return (await loss.data())[0]!;
  } finally {
    loss.dispose();
  }
}
