import { appendFile } from 'node:fs/promises';
import { type CallbackFactory, ConfigError, checkOptions, rule } from '@simvlm/core';

/** Appends step and loss to a table that a spreadsheet opens. Options: `file`; `every` so many steps, default 1. */
export const lossTable: CallbackFactory = options => {
  checkOptions('loss table', options, { file: rule.string, every: rule.integer(1) });
  const { file, every = 1 } = options as { file?: string; every?: number };
  if (file === undefined) throw new ConfigError('CONFIG_INVALID', 'loss table: "file" is missing');
  return {
    async onStep({ step, loss }) {
      if (step % every === 0) await appendFile(file, `${step},${loss}\n`);
    },
  };
};
