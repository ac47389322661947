/** `importer imports file` for each file that git does not know. */
export function untrackedImports(folder: string): string[];
