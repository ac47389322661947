import type { SetInfo } from './icon-sets';

/** Who made the pictures, under which licence, and what was changed: what lies beside the shards. */
export function attributionText(
  sets: ReadonlyMap<string, SetInfo>,
  versions: Readonly<Record<string, string>>,
): string {
  const rows = [...sets].map(([prefix, { name, author, license }]) => {
    const licence = linked(license.spdx ?? license.title, license.url);
    return `| \`${prefix}\` | ${cell(name)} | ${linked(author.name, author.url)} | ${licence} |`;
  });
  const sources = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `# Where these pictures come from

The pictures are icons of the ${sets.size} sets below, from the npm packages ${sources.join(' and ')}. Each keeps the licence of its set, which the
field \`licence\` of its sample names. Whoever passes the pictures on names their authors; those under a share-alike licence stay under it.

Changes: the icons were drawn on white, cropped and scaled, and those without colours of their own drawn in others.

| set | name | author | licence |
| --- | ---- | ------ | ------- |
${rows.join('\n')}
`;
}

function linked(text: string, url: string | undefined): string {
  return url === undefined ? cell(text) : `[${cell(text)}](${url})`;
}

function cell(text: string): string {
  return text.replace(/[|[\]\n]/g, ' ');
}
