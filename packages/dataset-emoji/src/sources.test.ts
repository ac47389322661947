import { describe, expect, test } from 'vitest';
import { ARTISTS, DOCUMENTS_PACKAGE, installCommand, LABELS_PACKAGE, packageFile } from './sources';

describe('packages of artwork and texts', () => {
  test('one that is missing is named, with the command that installs them all', () => {
    expect(() => packageFile('@iconify-json/no-such-artist', 'icons.json')).toThrow(
      expect.objectContaining({
        code: 'DATA_NOT_FOUND',
        message: `the emoji are drawn from packages that are installed only when wanted (300 MB), and "@iconify-json/no-such-artist" is missing; run: ${installCommand}`,
      }),
    );
  });

  test('the command has each of them in an exact version', () => {
    const [npm, install, ...specifiers] = installCommand.split(' ');
    expect([npm, install]).toEqual(['npm', 'install']);
    const wanted = [...ARTISTS.map(({ packageName }) => packageName), LABELS_PACKAGE, DOCUMENTS_PACKAGE];
    const named = specifiers.map(specifier => /^(.+)@\d+\.\d+\.\d+$/.exec(specifier)?.[1]);
    expect(named.sort()).toEqual(wanted.sort());
  });
});
