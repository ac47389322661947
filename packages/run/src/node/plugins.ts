import { isBuiltin } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, isSimVlmError, type Plugin, type Registry } from '@simvlm/core';
import { emojiPlugin } from '@simvlm/dataset-emoji';
import { iconsPlugin } from '@simvlm/dataset-icons';
import { runtimePlugin } from '@simvlm/runtime';
import { ownParts } from '../registry';

/**
 * Our own parts, then plug-ins that the user named, on the command line or in a configuration: packages, or files relative to the
 * working directory, whose default export is a `Plugin`. Each is loaded once, however often it is named.
 *
 * A plug-in is code that runs with the rights of the user. What a checkpoint names is therefore never passed here, see `pluginAdvice`.
 *
 * @throws ConfigError when a module is no package and no file, cannot be loaded or exports no plug-in
 */
export async function runRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const registry = ownParts().use(emojiPlugin, iconsPlugin, runtimePlugin);
  for (const specifier of new Set(plugins)) await addPlugin(registry, specifier);
  return registry;
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
  const target = await moduleOf(specifier);
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
async function moduleOf(specifier: string): Promise<string> {
  if (isAbsolute(specifier) || /^\.{1,2}[\\/]/.test(specifier)) return pathToFileURL(resolve(specifier)).href;
  if (specifier === '' || /^[a-z][a-z\d+.-]*:/i.test(specifier) || isBuiltin(specifier))
    throw unusable(specifier, 'give a package, or a file that begins with ./, ../ or /; URLs are not loaded');
  // Only for whoever names a package: it takes a while to load.
  const { resolve: packageOf } = await import('import-meta-resolve');
  try {
    // The package is the user's: it is installed beside what they work on, not beside this file.
    return packageOf(specifier, pathToFileURL(resolve('package.json')).href);
  } catch {
    // What is missing there may be here; else the import says that it is missing.
    return specifier;
  }
}

function unusable(specifier: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError('CONFIG_INVALID', `cannot use ${specifier || '""'} as a plug-in: ${what}`, {
    cause,
  });
}
