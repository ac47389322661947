import type { Command } from 'commander';
import { buildProgram } from '../src/program';

/** The part of docs/cli.md that is made: every command that does something, with its options as `--help` says them. */
export function cliPage(): string {
  const program = buildProgram([], () => undefined);
  return [
    table(
      ['command', 'what it does'],
      commandsOf(program).map(command => {
        const name = pathOf(command);
        return [`[\`${name}\`](#${name.replaceAll(' ', '-')})`, escaped(command.description())];
      }),
    ),
    ...commandsOf(program).map(section),
  ].join('\n\n');
}

/** The commands below one; a command that only holds others is left out. */
function commandsOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(commandsOf);
}

function section(command: Command): string {
  const help = command.createHelp();
  const options = help
    .visibleOptions(command)
    .filter(option => option.long !== '--help')
    .map(option => [
      `\`${help.optionTerm(option).replaceAll('|', '\\|')}\`${option.mandatory ? ', **required**' : ''}`,
      escaped(help.optionDescription(option)),
    ]);
  const described = help.visibleArguments(command).filter(({ description }) => description !== '');
  return [
    `## ${pathOf(command)}`,
    sentence(command.description()),
    `\`\`\`\n${help.commandUsage(command)}\n\`\`\``,
    ...described.map(each => `\`${help.argumentTerm(each)}\`: ${escaped(help.argumentDescription(each))}.`),
    ...(options.length === 0 ? [] : [table(['option', 'what it does'], options)]),
  ].join('\n\n');
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

/** Padded as a formatter has it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(cells => cells[column]!.length)));
  return [head, widths.map(width => '-'.repeat(width)), ...rows]
    .map(cells => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`)
    .join('\n');
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${escaped(text.slice(1))}.`;
}

/** Text that Markdown shows as it is. */
function escaped(text: string): string {
  return text
    .replace(/[|*_[\]]/g, '\\$&')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '{&#123;');
}
