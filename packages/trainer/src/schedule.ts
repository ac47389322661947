import type { ResolvedTrainConfig } from './config';

/**
 * The learning rate of a step: linear warm-up from 0, then linear or cosine decay to 0, or constant.
 *
 * @param step counts from 1
 * @param total all steps of the run; undefined while a time-budgeted run is still in its warm-up
 */
export function learningRate(
  step: number,
  total: number | undefined,
  { learningRate: peak, warmup, schedule }: Pick<ResolvedTrainConfig, 'learningRate' | 'warmup' | 'schedule'>,
): number {
  const warmupSteps = warmup >= 1 ? warmup : Math.max(1, Math.round(warmup * (total ?? 0)));
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  if (total === undefined || schedule === 'constant') return peak;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, total - warmupSteps));
  return schedule === 'linear' ? peak * (1 - progress) : (peak * (1 + Math.cos(Math.PI * progress))) / 2;
}
