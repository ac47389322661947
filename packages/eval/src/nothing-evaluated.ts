import { DataError, type SkipReport } from '@simvlm/core';

/** The error of an evaluation that is left with no picture: a number made of nothing would be taken for a result. */
export function nothingEvaluated({ draws, reasons }: SkipReport): DataError {
  return new DataError(
    'DATA_INVALID',
    draws === 0
      ? 'nothing was evaluated: there are no pictures'
      : `nothing was evaluated: none of ${draws === 1 ? 'the 1 picture' : `${draws} pictures`} can be used; the first: ${reasons[0]}`,
  );
}
