import { describe, expect, test } from 'vitest';
import { addressFields, projectAddress } from './address.mjs';
import { packages, root } from './packages.mjs';

describe('where the project is published', () => {
  test.each(packages)('$name says the address that the root has, or none', ({ folder, manifest }) => {
    const { repository, homepage, bugs } = manifest;
    const fields = Object.fromEntries(
      Object.entries({ repository, homepage, bugs }).filter(([, value]) => value !== undefined),
    );
    expect(fields).toEqual(addressFields(projectAddress(), folder));
  });

  test('with an address, each package names its folder, so that npm finds what its README links to', () => {
    expect(addressFields('https://example.org/a/b', `${root}packages/core`)).toEqual({
      repository: { type: 'git', url: 'git+https://example.org/a/b.git', directory: 'packages/core' },
      homepage: 'https://example.org/a/b/tree/main/packages/core#readme',
      bugs: 'https://example.org/a/b/issues',
    });
  });
});
