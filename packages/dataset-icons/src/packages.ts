import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { DataError, parseJson } from '@simvlm/core';

/** The npm packages that hold the icons, in the versions that this package's counts are of. */
export const PACKAGES = { iconify: '@iconify/json@2.2.535', pictograms: '@carbon/pictograms@12.82.0' };

/** A package on the disk. */
export interface IconPackage {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
}

// They are found as Node finds them from here, where the caller's project does not have them.
const require = createRequire(import.meta.url);

/**
 * Finds an installed package.
 *
 * @param specifier name and version, as `npm install` takes them
 * @param project folder of the project that it is installed in
 * @throws DataError that says how to install it
 */
export function findPackage(specifier: string, project: string): IconPackage {
  const name = specifier.slice(0, specifier.lastIndexOf('@'));
  for (const from of [createRequire(join(resolve(project), 'package.json')), require]) {
    let file: string;
    try {
      file = from.resolve(`${name}/package.json`);
    } catch {
      // The next place may have it; when none has, the error below says so.
      continue;
    }
    return { folder: dirname(file), name, version: readJson<{ version: string }>(file).version };
  }
  throw new DataError(
    'DATA_NOT_FOUND',
    `the package ${name} is not installed; the icons need: npm install --no-save ${Object.values(PACKAGES).join(' ')}`,
  );
}

/** A JSON file of a package. @throws DataError when it is not there or not JSON */
export function readJson<T>(file: string): T {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new DataError(
      'DATA_NOT_FOUND',
      `cannot read ${file} (${(cause as NodeJS.ErrnoException).code}); install its package again`,
      { cause },
    );
  }
  return parseJson(
    bytes,
    file,
    (message, options) => new DataError('DATA_INVALID', `${message}; install its package again`, options),
  ) as T;
}
