import { isBuiltin } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, isSimVlmError, type Plugin, PluginError, type Registry } from '@simvlm/core';
import { dataPlugin } from '@simvlm/data';
import { emojiPlugin } from '@simvlm/dataset-emoji';
import { evalPlugin } from '@simvlm/eval';
import { defaultRegistry } from '@simvlm/model';
import { runtimePlugin } from '@simvlm/runtime';

/**
 * Our own parts, then plug-ins that the user named, on the command line or in a configuration: packages, or files relative to the
 * working directory, whose default export is a `Plugin`. Each is loaded once, however often it is named.
 *
 * A plug-in is code that runs with the rights of the user. What a checkpoint names is therefore never passed here, see `pluginAdvice`.
 *
 * @throws ConfigError when a module is no package and no file, cannot be loaded or exports no plug-in
 */
export async function runRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const registry = defaultRegistry().use(dataPlugin, emojiPlugin, evalPlugin, runtimePlugin);
  for (const specifier of new Set(plugins)) await addPlugin(registry, specifier);
  return registry;
}

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

async function addPlugin(registry: Registry, specifier: string): Promise<void> {
  const plugin = await loadPlugin(specifier);
  try {
    registry.use(plugin);
  } catch (error) {
    if (isSimVlmError(error)) throw error;
    throw unusable(specifier, `its setup failed: ${(error as Error)?.message ?? error}`, error);
  }
}

async function loadPlugin(specifier: string): Promise<Plugin> {
  const target = moduleOf(specifier);
  let module: { default?: Partial<Plugin> };
  try {
    module = await import(target);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `cannot load the plug-in ${specifier}: ${(error as Error)?.message ?? error}${target === specifier ? '; a file begins with ./, ../ or /' : ''}`,
      { cause: error },
    );
  }
  const plugin = module.default;
  if (typeof plugin?.name !== 'string' || typeof plugin.setup !== 'function')
    throw unusable(specifier, 'it must export { name, setup(registry) } as default');
  return plugin as Plugin;
}

/** What to import. A URL could hold or fetch code that is in no file of the user. */
function moduleOf(specifier: string): string {
  if (isAbsolute(specifier) || /^\.{1,2}[\\/]/.test(specifier)) return pathToFileURL(resolve(specifier)).href;
  if (specifier === '' || /^[a-z][a-z\d+.-]*:/i.test(specifier) || isBuiltin(specifier))
    throw unusable(specifier, 'give a package, or a file that begins with ./, ../ or /; URLs are not loaded');
  return specifier;
}

function unusable(specifier: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError('CONFIG_INVALID', `cannot use ${specifier || '""'} as a plug-in: ${what}`, {
    cause,
  });
}

/** For a shell, as one word. */
function quoted(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
