import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, type Plugin, type Registry } from '@simvlm/core';
import { dataPlugin } from '@simvlm/data';
import { emojiPlugin } from '@simvlm/dataset-emoji';
import { evalPlugin } from '@simvlm/eval';
import { defaultRegistry } from '@simvlm/model';
import { runtimePlugin } from '@simvlm/runtime';

/**
 * Our own parts, then the plug-ins that a configuration names: packages, or files relative to the working directory, whose
 * default export is a `Plugin`.
 *
 * @throws ConfigError when a module cannot be loaded or exports no plug-in
 */
export async function runRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const registry = defaultRegistry().use(dataPlugin, emojiPlugin, evalPlugin, runtimePlugin);
  for (const specifier of plugins) registry.use(await loadPlugin(specifier));
  return registry;
}

async function loadPlugin(specifier: string): Promise<Plugin> {
  const target = /^[./]/.test(specifier) ? pathToFileURL(resolve(specifier)).href : specifier;
  let module: { default?: Partial<Plugin> };
  try {
    module = await import(target);
  } catch (error) {
    throw new ConfigError(
      'CONFIG_INVALID',
      `cannot load the plug-in ${specifier}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const plugin = module.default;
  if (typeof plugin?.name !== 'string' || typeof plugin.setup !== 'function')
    throw new ConfigError(
      'CONFIG_INVALID',
      `the plug-in ${specifier} must export { name, setup(registry) } as default`,
    );
  return plugin as Plugin;
}
