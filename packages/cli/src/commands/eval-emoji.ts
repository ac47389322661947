import { ConfigError } from '@simvlm/core';
import { openCaptioner } from '@simvlm/run';
import { chosenCheckpoint, coreSplits, evaluateSplits, prepareEmoji, runRegistry } from '@simvlm/run/node';
import { exitCode } from '../exit-code';
import { interruptible } from '../interrupt';
import { scoreTable, textTable } from '../report/score-table';
import { printLine, Terminal } from '../terminal';
import { startBackend } from './compute-options';
import type { EvalCommandOptions } from './eval';

/** `simvlm eval emoji`: exact match and 20-way choice on the splits of the embedded data set. */
export async function evaluateEmoji(
  sources: readonly string[],
  options: EvalCommandOptions,
): Promise<number> {
  if (sources.length > 1)
    throw new ConfigError(
      'CONFIG_INVALID',
      'emoji is evaluated alone: simvlm eval emoji; --checkpoint names the model',
    );
  if (options.predictions !== undefined)
    throw new ConfigError('CONFIG_INVALID', '--predictions is for a folder, not for emoji');
  const terminal = new Terminal();
  const checkpoint = await chosenCheckpoint(options.checkpoint, terminal);
  const registry = await runRegistry(options.plugin);
  await startBackend(options, registry);
  const { model, tokenizer, config } = await openCaptioner(checkpoint, { registry });
  try {
    return await interruptible(terminal, async signal => {
      const emoji = await prepareEmoji(config?.data.train, model.config.imageSize, terminal, signal);
      const results = await evaluateSplits(
        model,
        tokenizer,
        { emoji, splits: coreSplits(emoji) },
        terminal,
        signal,
      );
      if (options.json) {
        for (const { pictures: _, predictions: __, ...scores } of results) printLine(JSON.stringify(scores));
        return exitCode.ok;
      }
      const { head, rows, note } = scoreTable(results);
      printLine(textTable(head, rows));
      terminal.note(note);
      return exitCode.ok;
    });
  } finally {
    model.dispose();
  }
}
