/** The tables of docs/scaling.md. */
import { type ModelCost, modelCost, type Plan, plan } from './arithmetic';
import type { Cluster, Measured, ModelName, Recipe } from './figures';

const MODELS: readonly ModelName[] = ['base', 'large', 'huge'];

export interface Question {
  readonly recipe: Recipe;
  readonly cluster: Cluster;
  readonly measured: Measured;
  readonly gpus: readonly number[];
}

/** By name, as Markdown. */
export function tables(question: Question): Record<'models' | 'memory' | 'time' | 'data', string> {
  const costs = MODELS.map(name => modelCost(name, question.recipe));
  const plans = costs.flatMap(cost =>
    question.gpus.map(gpus => ({ cost, plan: plan(cost, gpus, question) })),
  );
  return {
    models: models(costs, question),
    memory: memory(plans),
    time: time(plans),
    data: data(plans),
  };
}

type Planned = readonly { readonly cost: ModelCost; readonly plan: Plan }[];

function models(costs: readonly ModelCost[], { measured }: Question): string {
  const { activations, checkpoint } = measured;
  return markdown(
    ['', ...costs.map(({ name }) => name)],
    [
      ['parameters', ...costs.map(({ parameters }) => `${digits(parameters / 1e6)} M`)],
      ['forward pass of a pair', ...costs.map(({ forward }) => `${digits(forward.pair / 1e9)} GFLOP`)],
      [
        'forward pass of a document',
        ...costs.map(({ forward }) => `${digits(forward.document / 1e9)} GFLOP`),
      ],
      ['a step', ...costs.map(({ step }) => `${digits(step / 1e15)} PFLOP`)],
      ['recomputed with `checkpointBlocks`', ...costs.map(cost => `${digits(cost.recomputed / 1e15)} PFLOP`)],
      ...(['pair', 'document'] as const).flatMap(kind =>
        (['kept', 'checkpointed'] as const).map(way => [
          `activations of a ${kind}${way === 'kept' ? '' : ', `checkpointBlocks`'}`,
          ...costs.map(({ name }) => `${digits(activations[name][kind][way] / 2 ** 20)} MiB`),
        ]),
      ),
      ['checkpoint: weights and moments', ...costs.map(cost => gib(cost.checkpoint))],
      ['written in', ...costs.map(cost => `${digits(cost.checkpoint / checkpoint.bytesPerSecond)} s`)],
    ],
  );
}

function memory(plans: Planned): string {
  return markdown(
    [
      'model',
      'GPUs',
      'fixed',
      'fixed, sharded',
      'shards moments',
      '`checkpointBlocks`',
      'pairs at once',
      'micro-batches',
    ],
    plans.map(({ cost, plan }) => [
      cost.name,
      `${plan.gpus}`,
      gib(plan.fixed.whole),
      plan.gpus === 1 ? '–' : gib(plan.fixed.sharded),
      plan.isSharded ? 'yes' : 'no',
      plan.checkpointBlocks ? 'yes' : 'no',
      plan.pairsAtOnce === 0 ? 'does not fit' : `${plan.pairsAtOnce}`,
      plan.pairsAtOnce === 0 ? '–' : `${plan.accumulate}`,
    ]),
  );
}

function time(plans: Planned): string {
  return markdown(
    [
      'model',
      'GPUs',
      'computes',
      'sent by a GPU',
      'exchange',
      'step',
      'days, GPUs alone',
      'days, one core a GPU reads',
    ],
    plans.map(({ cost, plan }) => [
      cost.name,
      `${plan.gpus}`,
      `${digits(plan.compute)} s`,
      plan.gpus === 1 ? '–' : gib(plan.exchanged),
      plan.gpus === 1 ? '–' : `${digits(plan.exchange)} s`,
      `${digits(plan.step)} s`,
      digits(plan.days),
      digits(plan.daysOneCore),
    ]),
  );
}

function data(plans: Planned): string {
  return markdown(
    ['model', 'GPUs', 'pictures/s', 'cores', 'cores a GPU', 'read'],
    plans.map(({ cost, plan }) => [
      cost.name,
      `${plan.gpus}`,
      digits(plan.pictures),
      digits(plan.cores),
      digits(plan.cores / plan.gpus),
      `${digits(plan.readBandwidth / 1e6)} MB/s`,
    ]),
  );
}

/** Three digits, as many as the figures deserve. */
function digits(value: number): string {
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(value >= 1 ? 3 : 2)));
}

function gib(bytes: number): string {
  return `${digits(bytes / 2 ** 30)} GiB`;
}

/** Aligned, as the formatter of this repository does it. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, 3, ...rows.map(row => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
