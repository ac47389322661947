import { bytesText } from '@simvlm/checkpoint/node';
import type { RecipeCheck } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { printLine } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';

export interface RecipeCheckOptions extends ComputeOptions {
  readonly json?: boolean;
  readonly forward?: boolean;
  readonly rows: number;
  /** Operations a second, in 10¹². */
  readonly tflops?: number;
  readonly set: string[];
}

/** `simvlm recipe check NAME…`. */
export async function recipeCheck(names: readonly string[], options: RecipeCheckOptions): Promise<number> {
  const { json, forward = false, rows, tflops, set } = options;
  // Loaded here, so that a list of recipes needs no tensors.
  const [{ checkRecipe }, tf] = await Promise.all([
    import('@simvlm/run/node'),
    import('@tensorflow/tfjs-core'),
  ]);
  if (forward) await startBackend(options);
  // What tfjs advises in Node is for those who compute with its plain JavaScript: here nothing is computed.
  else tf.env().set('PROD', true);
  for (const name of names) {
    const check = await checkRecipe(name, { forward, rows, overrides: set });
    const seconds = tflops !== undefined && check.step.flops ? check.step.flops / (tflops * 1e12) : undefined;
    if (json) {
      const { config: _, ...facts } = check;
      printLine(JSON.stringify({ ...facts, ...(seconds !== undefined && { seconds }) }));
    } else printLine(`${checkText(check)}${seconds === undefined ? '' : timeText(seconds, tflops!)}\n`);
  }
  return exitCode.ok;
}

/** What a check found, a fact a line. */
function checkText(check: RecipeCheck): string {
  const { name, config, parameters, made, step, memory, forward } = check;
  const { about, task, batch, training, model } = config;
  const size = typeof model === 'string' ? model : JSON.stringify(model);
  const rows = [
    ...(batch.imageText > 0 ? [`${batch.imageText.toLocaleString('en')} examples`] : []),
    ...(batch.textOnly > 0 ? [`${batch.textOnly.toLocaleString('en')} documents`] : []),
    ...(training.accumulate > 1 ? [`${training.accumulate} times`] : []),
  ];
  const total = step.flops === undefined ? 'operations are not counted' : operations(step.flops);
  const average = memory.average > 0 ? [`average ${bytesText(memory.average)}`] : [];
  const lines: readonly (readonly [string, string])[] = [
    ['for', about?.what ?? 'nothing that it says'],
    ['task', `${task.kind}, model ${size}${beginningText(check)}`],
    ['parameters', `${millions(parameters.all)}, of which ${millions(parameters.trained)} are trained`],
    ...made.flatMap(madeLines),
    ['a step', `${rows.join(', ')}: ${step.tokens.toLocaleString('en')} tokens, ${total}`],
    [
      'memory',
      [
        `weights ${bytesText(memory.weights)}`,
        `gradients ${bytesText(memory.gradients)}`,
        `moments ${bytesText(memory.moments)}`,
        ...average,
      ].join(', '),
    ],
    ...(forward
      ? [
          [
            'forward',
            `loss ${forward.loss.toFixed(4)}, fresh weights, ${forward.seconds.toFixed(1)} s`,
          ] as const,
        ]
      : []),
  ];
  return [name, ...lines.map(fact)].join('\n');
}

function beginningText({ config: { init }, beginning }: RecipeCheck): string {
  if (init === undefined) return '';
  if (!beginning) return `, begins with ${init}`;
  const { recipe, resized } = beginning;
  const change = resized.length === 0 ? 'as they are' : `${resized.length} of them interpolated`;
  return `; begins with the weights of ${recipe} (${init}), ${change}`;
}

/** What of a batch shows that it is right; the rest are lengths, masks and targets of the same shapes. */
const SHOWN = /^(\d+\.)?(images|prefixTokens|inputs|features|labels|targets?)$/;

type Made = RecipeCheck['made'][number];

function madeLines({ rows, shapes, passes, tokens, flops, activations }: Made): [string, string][] {
  const shown = Object.entries(shapes).filter(([key]) => SHOWN.test(key));
  const row = [
    ...(passes > 1 ? [`${passes} passes`] : []),
    `${tokens.image} image tokens and ${tokens.text} of text`,
    ...(flops ? [`${operations(flops.forward)} forward, ${operations(flops.step)} in a step`] : []),
    ...(activations === undefined ? [] : [`${bytesText(activations)} for the backward pass`]),
  ];
  return [
    ['made', `${rows} rows: ${shown.map(([key, shape]) => `${key} [${shape.join(', ')}]`).join(', ')}`],
    ['a row', row.join('; ')],
  ];
}

function fact([key, text]: readonly [string, string]): string {
  return `  ${key.padEnd(11)} ${text}`;
}

function timeText(seconds: number, tflops: number): string {
  return `\n${fact(['time', `${seconds.toPrecision(3)} s a step at ${tflops} TFLOP/s`])}`;
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(2)} M`;
}

/** Floating-point operations: `842 GFLOP`. */
function operations(count: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, count)) / 3)));
  return `${(count / 1000 ** power).toPrecision(3)} ${units[power]}FLOP`;
}
