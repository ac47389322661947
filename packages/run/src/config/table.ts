import type * as z from 'zod';
import { runJsonSchema } from './json-schema';

type Schema = z.core.JSONSchema.JSONSchema;

/** Every key of a run configuration, its values and its default, as tables in Markdown: one for the whole, then one a part. */
export function configTables(): string {
  const schema = runJsonSchema();
  const parts = propertiesOf(schema).filter(([, value]) => isPart(value));
  return [
    table(schema, '', true),
    ...parts.map(([key, part]) => `## \`${key}\`\n\n${part.description}\n\n${table(part, `${key}.`)}`),
    ...Object.entries(schema.definitions ?? {}).map(
      ([name, each]) =>
        `## A ${name.replaceAll('-', ' ')}\n\n${(each as Schema).description}\n\n${table(each as Schema, '')}`,
    ),
  ].join('\n\n');
}

/** @param isWhole its parts have tables of their own */
function table(schema: Schema, prefix: string, isWhole = false): string {
  const rows = rowsOf(schema, prefix, isWhole);
  const head = ['key', 'what it is', 'values', 'default'];
  // Padded as the formatter has it.
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(cells => cells[column]!.length)));
  const lines = [head, widths.map(width => '-'.repeat(width)), ...rows];
  return lines
    .map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`)
    .join('\n');
}

/** A part of a part has its rows among those of that. */
function rowsOf(schema: Schema, prefix: string, isWhole = false): string[][] {
  return propertiesOf(schema).flatMap(([key, value]) =>
    !isWhole && isPart(value)
      ? rowsOf(value, `${prefix}${key}.`)
      : [
          [
            `\`${prefix}${key}\``,
            escaped(value.description ?? ''),
            isPart(value) ? `[below](#${key.toLowerCase()})` : escaped(valuesOf(value)),
            defaultOf(value, schema.required?.includes(key) ?? false),
          ],
        ],
  );
}

function propertiesOf({ properties = {} }: Schema): [string, Schema][] {
  return Object.entries(properties) as [string, Schema][];
}

function isPart({ properties, additionalProperties }: Schema): boolean {
  return properties !== undefined && additionalProperties === false;
}

function valuesOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map(value => `\`${value}\``).join(', ');
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return `[a ${name.replaceAll('-', ' ')}](#a-${name})`;
  }
  if (schema.anyOf) return schema.anyOf.map(each => valuesOf(each as Schema)).join(' or ');
  if (schema.type === 'array') return `a list of ${itemsOf(schema.items as Schema)}`;
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'object') return 'an object';
  if (schema.type === 'string') return 'a string';
  return `${schema.type === 'integer' ? 'an integer' : 'a number'}${boundsOf(schema)}`;
}

function itemsOf({ type, anyOf }: Schema): string {
  if (anyOf) return 'these';
  return type === 'object' ? 'objects' : 'strings';
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const low = exclusiveMinimum === undefined ? `≥ ${minimum}` : `> ${exclusiveMinimum}`;
  if (exclusiveMaximum !== undefined) return ` ${low}, < ${exclusiveMaximum}`;
  // The largest whole number that a double holds is no bound that anyone set.
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? ` ${low}` : ` ${low}, ≤ ${maximum}`;
}

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return '**required**';
  if (schema.default === undefined || isPart(schema)) return '';
  return `\`${JSON.stringify(schema.default)}\``;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
