import type { SkipReport } from '@simvlm/core';
import { captionChoice, captionMetrics, predictCaptions } from '@simvlm/eval';
import { countOf, modelSquare, openCaptioner, warnOfSkipped } from '@simvlm/run';
import { chosenCheckpoint, openEvaluation, readCandidates, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { openOutput } from '../io/output-file';
import { printLine, Terminal } from '../terminal';
import { type ComputeOptions, startBackend } from './compute-options';
import { noteSkipped, sourceConfig } from './data-open';
import type { SourceOptions } from './data-source';

export interface EvalCommandOptions extends ComputeOptions, SourceOptions {
  checkpoint?: string;
  /** A name, or JSON with `kind`; default: that of the task. */
  evaluator?: string;
  json?: boolean;
  predictions?: string;
  plugin?: readonly string[];
}

interface Outcome {
  readonly metrics: Readonly<Record<string, number>>;
  readonly predictions: readonly {
    readonly id: string;
    readonly text: string;
    readonly references?: readonly string[];
    readonly scores: readonly number[];
  }[];
  readonly skipped: SkipReport;
  /** Candidates that are longer than the model reads. */
  readonly cut?: readonly string[];
}

/** `simvlm eval` by captions, or by a choice among captions. */
export async function evaluate(sources: readonly string[], options: EvalCommandOptions): Promise<number> {
  const terminal = new Terminal();
  const source = await openEvaluation(sourceConfig(sources, options));
  const candidates =
    options.evaluator === 'choice' && source.folder !== undefined
      ? await readCandidates(
          source.folder,
          source.samples.map(({ key }) => ({ id: key })),
          message => terminal.warn(message),
        )
      : undefined;
  const predictions =
    options.predictions === undefined
      ? undefined
      : await openOutput(options.predictions, 'give another file with --predictions');
  const checkpoint = await chosenCheckpoint(options.checkpoint, terminal);
  const registry = await runRegistry(options.plugin);
  await startBackend(options, registry);
  const { model, tokenizer, config } = await openCaptioner(checkpoint, { registry });
  const pictures = source.pictures(modelSquare(model.config, config));
  noteSkipped(terminal, source.skipped);

  const bar = terminal.bar('evaluating');
  const outcome = await interruptible(terminal, async (signal): Promise<Outcome | undefined> => {
    const common = { signal, onProgress: (done: number, total: number) => bar.update(done, total) };
    if (options.evaluator === 'choice') {
      const report = await captionChoice(model, tokenizer, pictures, {
        ...common,
        ...(candidates && { candidates }),
      });
      return signal.aborted ? undefined : report;
    }
    const { predictions, skipped } = await predictCaptions(model, tokenizer, pictures, common);
    if (signal.aborted) return undefined;
    return {
      metrics: captionMetrics(predictions),
      predictions: predictions.map(({ logProb, ...rest }) => ({ ...rest, scores: [logProb] })),
      skipped,
    };
  }).finally(() => {
    bar.stop();
    model.dispose();
  });
  if (!outcome) return exitCode.interrupted;

  const lines = outcome.predictions.map(({ id, text, references, scores }) =>
    JSON.stringify({ id, text, references, scores }),
  );
  try {
    await predictions?.write(lines.map(line => `${line}\n`).join(''));
  } finally {
    // The metrics cost as much work as the predictions: a disk that has filled up does not take them, too.
    report(outcome, options, terminal);
  }
  return exitCode.ok;
}

function report(
  { metrics, skipped, cut }: Outcome,
  { evaluator, json }: EvalCommandOptions,
  terminal: Terminal,
): void {
  const all = { ...metrics, ...(cut && { cut: cut.length }) };
  if (json) printLine(JSON.stringify({ evaluator, ...all, skipped: skipped.draws }));
  else for (const [name, value] of Object.entries(all)) printLine(metricLine(name, value));
  warnOfSkipped(terminal, `skipped ${countOf(skipped.draws, 'picture')}:`, skipped);
  if (cut && cut.length > 0)
    terminal.warn(
      `${countOf(cut.length, 'candidate')} longer than the model reads, compared without the end, such as ${JSON.stringify(cut[0])}`,
    );
  if ((metrics.ties ?? 0) > 0)
    terminal.warn(
      `${countOf(metrics.ties!, 'picture')} had several likeliest candidates; a tie counts as a miss, even if the true caption is among them`,
    );
}

export function metricLine(name: string, value: number): string {
  return `${name.padEnd(16)} ${Number.isInteger(value) ? String(value) : value.toFixed(4)}`;
}
