import type { JsonValue } from '@simvlm/core';
import { FORMATS, type Role } from '@simvlm/data';
import { augmentations, fits } from '@simvlm/image';
import * as z from 'zod';
import { integer, number, oneOf, section, text } from './leaves';

/** Options whose keys belong to the part that they are for, which checks them. */
export type Options = { readonly [option: string]: JsonValue };
/** The name of a part, with its options. */
export type Named = Options & { readonly kind: string };

/** `{ "kind": NAME, … }` with the options of a part. */
export function named(what: string) {
  return z.looseObject(
    { kind: z.string(`the name of ${what}`) },
    'an object with "kind"',
  ) as unknown as z.ZodType<Named, Named>;
}

/** How one of several sources is used, whatever it is. */
const use = {
  weight: number(
    { above: 0 },
    'Of several sources: its share of the examples, beside the weights of the others. Default: 1.',
  ).optional(),
  augment: oneOf(augmentations, 'How its pictures are varied. Default: `augment` of the run.').optional(),
  fit: oneOf(
    fits,
    'How its pictures become square where nothing is varied. Default: `crop`, the middle.',
  ).optional(),
  blank: z
    .boolean()
    .describe(
      'Every picture becomes the same grey and is not opened: what a model then learns comes from the texts alone. Default: false.',
    )
    .optional(),
  objective: named('an objective such as "captioning"')
    .describe('What is learnt from its texts. Default: `objective` of the run.')
    .optional(),
  shuffle: z
    .union(
      [z.literal(false), integer(1, undefined, 'Records that are mixed at a time.')],
      'false or an integer ≥ 1',
    )
    .describe(
      'Records that are mixed at a time, or `false` for the stored order. Default: all of what is in memory, 10,000 of shards and lines, 1,000 where records hold their pictures.',
    )
    .optional(),
};

function column(description: string) {
  const expected = 'the name of a column, or its number from 0';
  return z
    .union([z.string(), z.int().min(0, expected)], expected)
    .describe(description)
    .optional();
}

const columns: Record<Role, ReturnType<typeof column>> = {
  image: column('Picture: its path, or the picture itself.'),
  text: column('Caption.'),
  texts: column('Several captions.'),
  url: column('Address of a picture.'),
  key: column('What tells a record from others.'),
  question: column('Question on a picture.'),
  answers: column('Its answers.'),
  label: column('Class.'),
  split: column('Split that a record belongs to.'),
  source: column('Text to translate.'),
  target: column('Its translation.'),
};

const places = 'a folder, a file, a brace range or an address, or a list of files';

/** Data at a place. */
const placed = section(
  {
    path: z
      .union([z.string(), z.array(z.string(places), places).min(1, places)], places)
      .describe(
        'Where the data are: a folder, a file, a brace range such as `shards/{0000..0063}.tar`, an address, or a list of files.',
      ),
    format: oneOf(FORMATS, 'What they are. Default: recognised.').optional(),
    images: text('The folder of the pictures that a file names. Default: the folder of the file.').optional(),
    annotations: text('The second file of `vqav2`.').optional(),
    split: text('This split alone; `train+restval` is two. Default: all.').optional(),
    map: section(
      columns,
      'Names of columns, keys or extensions, where they are not the usual ones.',
    ).optional(),
    ...use,
  },
  'Where examples come from, and how they are used.',
).meta({ id: 'source' });

export type PlacedSource = z.output<typeof placed>;

export type RegisteredSource = Options & { readonly source: string } & Partial<
    z.output<z.ZodObject<typeof use>>
  >;

/** What a program or a plug-in registered; every key that is not of `use` is an option of it. */
const registered = z
  .looseObject({
    source: z.string('the name of a source').describe('Its name. Other keys than these are its options.'),
    ...use,
  })
  .describe('What a plug-in or the program registered, and how it is used.')
  .meta({ id: 'registered-source' }) as unknown as z.ZodType<RegisteredSource, RegisteredSource>;

const expected = 'a path, "emoji", { "path": … } or { "source": NAME, … }';

/** One source. */
export const source = z.union([z.string(), placed, registered], expected);

const several = `${expected}, or a list of these`;

/** A source, or a mixture of several. */
export const sources = z.union([z.string(), placed, registered, z.array(source).min(1, several)], several);

/** A text file, a document a line, or a source of text. */
export const documents = z.union(
  [z.string(), placed, registered],
  'a text file, { "path": … } or { "source": NAME, … }',
);

/** One source, as a configuration has it. */
export type SourceConfig = z.output<typeof source>;

/** The sources of a key, one or several. */
export function sourceList(given: z.output<typeof sources>): readonly SourceConfig[] {
  return Array.isArray(given) ? given : [given as SourceConfig];
}
