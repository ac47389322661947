import { ConfigError, type EvaluationResult, type JsonValue, parseJsonObject } from '@simvlm/core';
import { checkpointTask, modelSquare, openTask } from '@simvlm/run';
import { chosenCheckpoint, openEvaluation, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { printLine, Terminal } from '../terminal';
import { startBackend } from './compute-options';
import { noteSkipped, sourceConfig } from './data-open';
import { type EvalCommandOptions, evaluate, metricLine } from './eval';

/** An evaluator with its options. */
type Asked = { readonly kind: string } & Readonly<Record<string, JsonValue>>;

/**
 * `simvlm eval SOURCE…`: by the evaluator that was asked for, by its name or as `{"kind": NAME, …}` with its options, else by the first one
 * of the task that the checkpoint was trained for.
 */
export async function evaluateSource(
  sources: readonly string[],
  options: EvalCommandOptions,
): Promise<number> {
  const terminal = new Terminal();
  const asked = options.evaluator === undefined ? undefined : parsed(options.evaluator);
  const own = await ownEvaluator(asked, options.checkpoint, terminal);
  if (own) return evaluate(sources, { ...options, evaluator: own });
  if (options.predictions !== undefined)
    throw new ConfigError('CONFIG_INVALID', '--predictions goes with the evaluators caption and choice');
  const registry = await runRegistry(options.plugin);
  if (asked) registry.get('evaluator', asked.kind);
  const source = await openEvaluation(sourceConfig(sources, options));
  const checkpoint = await chosenCheckpoint(options.checkpoint, terminal);
  await startBackend(options, registry);
  const opened = await openTask(checkpoint, registry, asked?.kind === 'answers' ? 'answer' : undefined);
  noteSkipped(terminal, source.skipped);
  const pictures = source.pictures(modelSquare(opened.model.config, opened.run));
  const { model, tokenizer, task } = opened;
  try {
    const { kind, ...given } = asked ?? { kind: task.evaluators[0] ?? 'answers' };
    const subject = { model, tokenizer, ...(task.answer && { answer: task.answer }) };
    const metrics = await interruptible(terminal, async (signal): Promise<EvaluationResult | undefined> => {
      try {
        return (await registry.get('evaluator', kind)(subject, pictures, given, { signal })).metrics;
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    });
    if (!metrics) return exitCode.interrupted;
    if (options.json) printLine(JSON.stringify({ evaluator: kind, ...metrics }));
    else for (const [name, value] of Object.entries(metrics)) printLine(metricLine(name, value));
    return exitCode.ok;
  } finally {
    await opened.dispose();
  }
}

/** The evaluator where it is one of those that show their predictions, `caption` or `choice`. */
async function ownEvaluator(
  asked: Asked | undefined,
  checkpoint: string | undefined,
  terminal: Terminal,
): Promise<'caption' | 'choice' | undefined> {
  if (!asked) {
    const isPlain = checkpoint === undefined || (await trainedFor(checkpoint, terminal)) === 'pretrain';
    return isPlain ? 'caption' : undefined;
  }
  const { kind, ...options } = asked;
  const isOwn = (kind === 'caption' || kind === 'choice') && Object.keys(options).length === 0;
  return isOwn ? kind : undefined;
}

async function trainedFor(checkpoint: string, terminal: Terminal): Promise<string> {
  return checkpointTask(await chosenCheckpoint(checkpoint, terminal));
}

function parsed(evaluator: string): Asked {
  if (!evaluator.trimStart().startsWith('{')) return { kind: evaluator };
  const makeError = (message: string) => new ConfigError('CONFIG_INVALID', message);
  const { kind, ...options } = parseJsonObject(evaluator, '--evaluator', makeError);
  if (typeof kind !== 'string')
    throw makeError('--evaluator: give a name, or {"kind": NAME, …} with options');
  return { ...options, kind };
}
