import type { RecipeCheck } from '../src/node';

/** A table in Markdown, padded as the formatter has it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(cells => cells[column]!.length)));
  return [head, widths.map(width => '-'.repeat(width)), ...rows]
    .map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`)
    .join('\n');
}

/** What each recipe is for, and its settings. */
export function recipeTable(checks: readonly RecipeCheck[]): string {
  const length = ({ steps, epochs }: RecipeCheck['config']) =>
    steps === undefined ? `${epochs} epochs` : `${steps.toLocaleString('en')} steps`;
  return table(
    ['recipe', 'what it is for', 'learning rate', 'rows', 'length', 'what the paper reports'],
    checks.map(({ name, config }) => [
      `\`${name}\``,
      config.about!.what!,
      `${config.optimizer.learningRate}`,
      `${(config.batch.imageText + config.batch.textOnly).toLocaleString('en')}`,
      length(config),
      config.about!.result ?? '',
    ]),
  );
}

const GIB = 2 ** 30;

function operations(count: number): string {
  const units = ['G', 'T', 'P', 'E'];
  const power = Math.max(0, Math.floor(Math.log10(count) / 3) - 3);
  return `${(count / 1000 ** (power + 3)).toPrecision(3)} ${units[power]}FLOP`;
}

/** What a check found of each. */
export function checkTable(checks: readonly RecipeCheck[]): string {
  const head = ['recipe', 'parameters', 'trained', 'tokens', 'forward, a row', 'a step'];
  return table(
    [...head, 'weights, gradients, moments', 'kept, a row'],
    checks.map(({ name, parameters, made, step, memory }) => [
      `\`${name}\``,
      `${(parameters.all / 1e6).toFixed(1)} M`,
      `${(parameters.trained / 1e6).toFixed(parameters.trained < 1e7 ? 3 : 1)} M`,
      step.tokens.toLocaleString('en'),
      operations(Math.max(...made.map(({ flops }) => flops?.forward ?? 0))),
      operations(step.flops ?? 0),
      `${((memory.weights + memory.gradients + memory.moments) / GIB).toFixed(2)} GiB`,
      `${(Math.max(...made.map(({ activations = 0 }) => activations)) / GIB).toFixed(2)} GiB`,
    ]),
  );
}
