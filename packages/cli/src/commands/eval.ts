import { ConfigError, type Registry } from '@simvlm/core';
import {
  type EvaluationReport,
  type EvaluationSet,
  evaluateCheckpoints,
  type Named,
  type NamedCheckpoint,
  openSet,
} from '@simvlm/run';
import { chosenCheckpoint, emojiSets, nodePlaces, openInit, placedSet, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { openOutput } from '../io/output-file';
import { evaluationJson } from '../report/evaluation-json';
import { intervalNotes, notesOn, sayProblems } from '../report/evaluation-notes';
import { evaluationTable } from '../report/evaluation-table';
import { checkPredictions, writePredictions } from '../report/predictions';
import { printLine, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';
import { noteSkipped } from './data-open';
import type { SourceOptions } from './data-source';
import { evalSources, namedPart } from './eval-words';

export interface EvalCommandOptions extends ComputeOptions, SourceOptions {
  checkpoint: readonly string[];
  evaluator: readonly string[];
  task?: string;
  test?: boolean;
  seeds?: readonly number[];
  intervals: boolean;
  json?: boolean;
  out?: string;
  predictions?: string;
  plugin?: readonly string[];
  /** The words of the command line, for the report. */
  command: readonly string[];
}

/** `simvlm eval`. */
export async function evaluate(words: readonly string[], options: EvalCommandOptions): Promise<number> {
  const terminal = new Terminal();
  return interruptible(terminal, async signal => {
    try {
      await evaluateUntil(signal, terminal, words, options);
      return exitCode.ok;
    } catch (error) {
      if (signal.aborted) return exitCode.interrupted;
      throw error;
    }
  });
}

async function evaluateUntil(
  signal: AbortSignal,
  terminal: Terminal,
  words: readonly string[],
  options: EvalCommandOptions,
): Promise<void> {
  const { seeds, intervals, test = false } = options;
  const evaluators = options.evaluator.map(text => namedPart(text, '--evaluator'));
  const task = options.task === undefined ? undefined : namedPart(options.task, '--task');
  const registry = await runRegistry(options.plugin);
  for (const { kind } of evaluators) registry.get('evaluator', kind);
  const sets = await setsOf(words, options, { evaluators, registry, terminal, signal });
  const predictions =
    options.predictions === undefined
      ? undefined
      : await checkPredictions(options.predictions, {
          several: sets.length * Math.max(1, options.checkpoint.length) > 1 || evaluators.length > 1,
        });
  const out =
    options.out === undefined ? undefined : await openOutput(options.out, 'give another file with --out');
  const checkpoints = await checkpointsOf(options.checkpoint, terminal);
  const backend = await startBackend(options, registry);
  for (const { skipped } of sets) if (skipped) noteSkipped(terminal, skipped);
  const report = await evaluateCheckpoints(checkpoints, {
    ...{ registry, sets, evaluators, task, seeds, intervals, test, signal },
    ...{ places: nodePlaces, reporter: terminal },
  });
  signal.throwIfAborted();
  const json = JSON.stringify(evaluationJson(report, { sets, backend, options }));
  try {
    await out?.write(`${json}\n`);
    if (predictions !== undefined) await writePredictions(predictions, report);
  } finally {
    // The numbers cost as much work as the files: a disk that has filled up does not take them, too.
    if (options.json) printLine(json);
    else printLine(evaluationTable(report.summary, process.stdout.columns));
    sayAll(report, words.includes('emoji') && !test && options.split === undefined, terminal);
  }
}

interface Setting {
  readonly evaluators: readonly Named[];
  readonly registry: Registry;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function setsOf(
  words: readonly string[],
  options: EvalCommandOptions,
  { evaluators, registry, terminal, signal }: Setting,
): Promise<EvaluationSet[]> {
  const { test = false, split } = options;
  const { emoji, sources } = evalSources(words, options);
  const sets = emoji ? emojiSets({ split, test, reporter: terminal, signal }) : [];
  const candidates = evaluators.some(each => each.kind === 'choice' && Object.keys(each).length === 1);
  const warn = (message: string) => terminal.warn(message);
  for (const source of sources)
    sets.push(
      'source' in source
        ? await openSet(source, { registry, test, places: nodePlaces })
        : await placedSet(source, { registry, test, candidates, warn }),
    );
  return sets;
}

async function checkpointsOf(names: readonly string[], terminal: Terminal): Promise<NamedCheckpoint[]> {
  if (names.length === 0) return [{ name: 'emoji', checkpoint: await chosenCheckpoint(undefined, terminal) }];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    throw new ConfigError('CONFIG_INVALID', `--checkpoint ${twice} is given twice: once is enough`);
  const opened: NamedCheckpoint[] = [];
  for (const name of names) opened.push({ name, checkpoint: await openInit(name, terminal) });
  return opened;
}

function sayAll(report: EvaluationReport, isPartOfEmoji: boolean, terminal: Terminal): void {
  for (const note of [...notesOn(report), ...intervalNotes(report)]) terminal.note(note);
  if (isPartOfEmoji)
    terminal.note(
      '--test adds the test splits: unseen-artist, unseen-composition and unseen-concept, which nothing should be chosen by',
    );
  sayProblems(terminal, report);
}
