import { readFile } from 'node:fs/promises';
import { ConfigError, parseJsonObject } from '@simvlm/core';
import { applyOverrides } from '../config/overrides';
import { resolveRunConfig } from '../config/resolve';
import type { RunConfig } from '../config/schema';

/** Reads a run configuration and applies `--set key=value` pairs (dotted keys; values are JSON, else strings). */
export async function readRunConfig(file: string, overrides: readonly string[] = []): Promise<RunConfig> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `cannot read the config ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`,
      { cause: error },
    );
  }
  const config = parseJsonObject(
    bytes,
    file,
    (message, options) => new ConfigError('CONFIG_INVALID', message, options),
  );
  return resolveRunConfig(applyOverrides(config, overrides), file);
}
