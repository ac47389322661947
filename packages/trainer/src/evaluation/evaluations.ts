import type { MetricValue } from '@simvlm/checkpoint';
import { ConfigError, type EvaluationResult, type Metric } from '@simvlm/core';
import type { ResolvedTrainConfig } from '../config';
import { type Best, nextBest } from './best';
import { hasWaited, nextWaiting, type Waiting } from './early-stopping';

/** Measures what has been learnt so far. It gives up when the signal comes. */
export type Evaluate = (step: number, signal?: AbortSignal) => Promise<EvaluationResult>;

/** By the name that comes before those of their metrics: `val` gives `val/loss`. */
export type Evaluators = Readonly<Record<string, Evaluate>>;

/** What a run remembers of its evaluations. It survives JSON unchanged. */
export interface EvaluationState {
  /** Of the last one; 0 before the first. */
  readonly step: number;
  readonly seconds: number;
  /** What the metric was there; absent where it was no number. */
  readonly value?: number;
  readonly best?: Best;
  readonly waiting?: Waiting;
}

type Config = Pick<ResolvedTrainConfig, 'evaluateSteps' | 'evaluateSeconds' | 'best' | 'earlyStopping'>;

/** Evaluates on a schedule, and knows the best step and when to stop. */
export class Evaluations {
  state: EvaluationState = { step: 0, seconds: 0 };
  readonly #evaluators: readonly (readonly [name: string, evaluate: Evaluate])[];
  readonly #config: Config;

  /** @throws ConfigError for a metric without an evaluator */
  constructor(evaluators: Evaluators, config: Config) {
    this.#evaluators = Object.entries(evaluators);
    this.#config = config;
    const names = Object.keys(evaluators);
    const { best } = config;
    if (best && !names.some(name => best.name.startsWith(`${name}/`)))
      throw new ConfigError(
        'CONFIG_INVALID',
        `train config: "best" is by "${best.name}", which is of no evaluator; there are ${names.join(', ') || 'none'}`,
      );
  }

  /** @param seconds trained so far */
  isDue(step: number, seconds: number): boolean {
    const { evaluateSteps, evaluateSeconds } = this.#config;
    if (this.isDone(step)) return false;
    if (evaluateSteps !== undefined && step % evaluateSteps === 0) return true;
    return evaluateSeconds !== undefined && seconds - this.state.seconds >= evaluateSeconds;
  }

  /** Whether there is nothing to evaluate at this step, as that was done or there is no evaluator. */
  isDone(step: number): boolean {
    return this.#evaluators.length === 0 || this.state.step === step;
  }

  /**
   * The results of all evaluators.
   *
   * @throws ConfigError when none of them gives the metric of the best
   */
  async run(step: number, seconds: number, signal?: AbortSignal): Promise<EvaluationResult> {
    const results: Record<string, number> = {};
    for (const [name, evaluate] of this.#evaluators)
      for (const [metric, value] of Object.entries(await evaluate(step, signal)))
        results[`${name}/${metric}`] = value;
    const { best: metric, earlyStopping } = this.#config;
    const { best, waiting } = this.state;
    if (!metric) this.state = { step, seconds };
    else {
      const value = metricIn(results, metric);
      const next = nextBest(best, step, value, metric.better);
      this.state = {
        ...{ step, seconds },
        ...(Number.isFinite(value) && { value }),
        ...(next && { best: next }),
        ...(earlyStopping && { waiting: nextWaiting(waiting, value, metric.better, earlyStopping) }),
      };
    }
    return results;
  }

  /** Whether this step is the best so far. */
  isBest(step: number): boolean {
    return this.state.best?.step === step;
  }

  /** What a checkpoint of this step states: the metric, where it was measured there. */
  metricAt(step: number): MetricValue | undefined {
    const { best } = this.#config;
    const { step: last, value } = this.state;
    return best && last === step && value !== undefined ? { ...best, value } : undefined;
  }

  /** Whether the run has waited for an improvement as long as it may. */
  get hasWaited(): boolean {
    const { earlyStopping } = this.#config;
    return earlyStopping !== undefined && hasWaited(this.state.waiting, earlyStopping);
  }
}

function metricIn(results: EvaluationResult, { name }: Metric): number {
  if (Object.hasOwn(results, name)) return results[name]!;
  throw new ConfigError(
    'CONFIG_INVALID',
    `train config: "best" is by "${name}", which no evaluator gives; there are ${Object.keys(results).join(', ')}`,
  );
}
