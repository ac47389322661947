import { Application, Converter, type ProjectReflection, ReflectionKind } from 'typedoc';
import { apiModules } from '../api-modules';
import { root } from '../pages';

/**
 * Writes the API of every package as Markdown, a page for each module, from the sources in one pass: `api/@simvlm/core.md`, ….
 *
 * @throws Error when TypeDoc warns, as it does of a link to nothing or a comment on a parameter that is not there
 */
export async function writeApi(out: string): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: apiModules.map(({ file }) => file),
    tsconfig: `${root}tsconfig.json`,
    // `pnpm test types` checks them.
    skipErrorChecking: true,
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    disableSources: true,
    readme: 'none',
    logLevel: 'Warn',
    treatWarningsAsErrors: true,
    ...markdownOptions(out),
  });
  // After TypeDoc has found what is inherited (0), and before it makes groups of what there is (-100).
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => leaveOutInherited(project), -50);
  const project = await app.convert();
  if (!project) throw new Error('the API cannot be read');
  nameModules(project);
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('TypeDoc has warnings: see above');
}

/** Options of typedoc-plugin-markdown, which TypeDoc's own types do not know. */
function markdownOptions(out: string): object {
  return {
    out,
    router: 'module',
    entryFileName: 'index',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    // Where a type and a value have one name, links count on an anchor that the heading alone does not have.
    useHTMLAnchors: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeDeclarationFormat: 'table',
    pageTitleTemplates: {
      index: 'API',
      module: ({ name }: { name: string }) => name,
    },
  };
}

/** By what is imported, and not by their files. */
function nameModules(project: ProjectReflection): void {
  const names = new Map(
    apiModules.map(({ name, file }) => [
      file.replace(/(\/index)?\.ts$/, '').slice(`${root}packages/`.length),
      name,
    ]),
  );
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const name = names.get(module.name);
    if (name === undefined) throw new Error(`the API has a module that no package exports: ${module.name}`);
    module.name = name;
  }
}

/** A class or interface names what it extends, with a link; its members are described there. */
function leaveOutInherited(project: ProjectReflection): void {
  for (const reflection of Object.values(project.reflections))
    if (reflection.isDeclaration() && reflection.inheritedFrom) project.removeReflection(reflection);
}
