import { type ErrorCode, faults } from '../src/error-codes';
import type { Advice } from './error-advice/advice';
import { parts } from './error-advice/index';

/** The part of docs/errors.md that is made: a table of all codes, then every code with its messages and what to do. */
export function errorsPage(): string {
  return [codesTable(), ...Object.entries(parts).map(([title, codes]) => part(title, codes))].join('\n\n');
}

function codesTable(): string {
  const rows = Object.entries(parts).flatMap(([, codes]) =>
    entries(codes).map(([code, { means }]) => [`[\`${code}\`](#${code.toLowerCase()})`, escaped(means)]),
  );
  const head = ['code', 'what went wrong'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(cells => cells[column]!.length)));
  return [head, widths.map(width => '-'.repeat(width)), ...rows]
    .map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`)
    .join('\n');
}

function part(title: string, codes: Readonly<Partial<Record<ErrorCode, Advice>>>): string {
  return [`## ${title}`, ...entries(codes).map(([code, advice]) => entry(code, advice))].join('\n\n');
}

function entry(code: ErrorCode, { means, messages, todo }: Advice): string {
  const seen = messages.map(message => `- ${inCode(message)}`).join('\n');
  return [
    `### \`${code}\``,
    means,
    ...(seen === '' ? [] : [`Messages such as:\n\n${seen}`]),
    `**What to do.** ${todo}`,
    `Exit code of the command line: ${faults[code] === 'request' ? 2 : 1}.`,
  ].join('\n\n');
}

/** Two backticks around a text that has one of its own. */
function inCode(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function entries(codes: Readonly<Partial<Record<ErrorCode, Advice>>>): [ErrorCode, Advice][] {
  return Object.entries(codes) as [ErrorCode, Advice][];
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
