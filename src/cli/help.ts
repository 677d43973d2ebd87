// Help as text and as data, made from the commands' own words.
import { commands, groups } from './commands.ts'
import { commonOptions, leadingOptions } from './common-options.ts'
import type { Command, CommandEntry, OptionSpecs } from './interface.ts'
import type { Paint } from './paint.ts'

export function overviewHelp(paint: Paint): string[] {
  const lines = [
    'usage: varve [-C DIR] COMMAND [OPTIONS]',
    '',
    'Varve is Git for data: files and tables, merged cell by cell.',
  ]
  for (const [group, title] of Object.entries(groups)) {
    lines.push('', paint('bold', title))
    for (const { name, summary } of commands.filter((command) => command.group === group)) {
      lines.push(`  ${name.padEnd(12)} ${summary}`)
    }
  }
  lines.push('', paint('bold', 'options before the command'))
  lines.push(...optionLines(leadingOptions))
  lines.push('', "'varve help COMMAND' explains a command and shows examples.")
  return lines
}

export function commandHelp(entry: CommandEntry, command: Command, paint: Paint): string[] {
  const lines = command.usage.map((usage, i) => `${i === 0 ? 'usage:' : '      '} varve ${usage}`)
  lines.push('', `${entry.summary}.`, '', ...command.description.split('\n'))
  if (Object.keys(command.options).length > 0)
    lines.push('', paint('bold', 'options'), ...optionLines(command.options))
  lines.push('', paint('bold', 'options of every command'), ...optionLines(commonOptions))
  lines.push('', paint('bold', 'examples'))
  for (const [example, why] of command.examples) lines.push(`  ${paint('cyan', example)}`, `      ${why}`)
  return lines
}

export interface CommandFacts {
  readonly name: string
  readonly summary: string
  readonly usage: readonly string[]
  readonly description: string
  readonly options: readonly { readonly name: string; readonly flags: string; readonly about: string }[]
  readonly examples: readonly { readonly command: string; readonly why: string }[]
  readonly json: string
}

export function commandFacts(entry: CommandEntry, command: Command): CommandFacts {
  return {
    name: entry.name,
    summary: entry.summary,
    usage: command.usage.map((usage) => `varve ${usage}`),
    description: command.description,
    options: Object.entries(command.options).map(([name, spec]) => ({
      name,
      flags: flagsOf(name, spec),
      about: spec.about,
    })),
    examples: command.examples.map(([example, why]) => ({ command: example, why })),
    json: command.json,
  }
}

function optionLines(options: OptionSpecs): string[] {
  const rows = Object.entries(options).map(([name, spec]) => [flagsOf(name, spec), spec.about] as const)
  const width = Math.min(32, Math.max(...rows.map(([flags]) => flags.length)))
  return rows.map(([flags, about]) => `  ${flags.padEnd(width)}  ${about}`)
}

function flagsOf(name: string, spec: OptionSpecs[string]): string {
  const names = [`--${name}`, ...(spec.aliases ?? []).map((alias) => `--${alias}`)]
  const named = spec.value ?? 'VALUE'
  const rest = { flag: '', text: ` ${named}`, list: ` ${named}`, optional: `[=${named}]` }[spec.type]
  const value = spec.nextWord === true ? ` [${named}]` : rest
  return `${spec.short === undefined ? '' : `-${spec.short}, `}${names.join(', ')}${value}`
}
