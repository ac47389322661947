import { isSimVlmError, PluginError } from '@simvlm/core';

/**
 * The same error, or for one about a part that nobody registered: with the options that load the plug-ins which the run was trained
 * with. Whether to trust them is the user's decision.
 *
 * @param plugins as `run.json` of the checkpoint names them
 */
export function pluginAdvice(error: unknown, plugins: readonly string[] = []): unknown {
  if (!isSimVlmError(error) || error.code !== 'PLUGIN_UNKNOWN') return error;
  const advice =
    plugins.length === 0
      ? 'load the plug-in that has it with --plugin MODULE'
      : `this run was trained with plug-ins, which run code on this machine: if you trust them, add${pluginArguments(plugins)}`;
  return new PluginError(error.code, `${error.message}; ${advice}`, { cause: error });
}

/** The options that load these plug-ins, for a command that the user can copy: ` --plugin ./mine.js`, or nothing without any. */
export function pluginArguments(plugins: readonly string[] = []): string {
  return plugins.map(name => ` --plugin ${quoted(name)}`).join('');
}

/** For a shell, as one word. */
function quoted(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
