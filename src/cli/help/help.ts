// Help as text and as data, made from the commands' own words.
import { commands, groups } from '../commands.ts'
import { commonOptions, leadingOptions } from '../common-options.ts'
import type { Command, CommandEntry, OptionSpecs } from '../interface.ts'
import { fillParagraphs, fillTerms, fillUsage } from './fill.ts'
import type { Paint } from '../paint.ts'

const widthMax = 100

export function overviewHelp(paint: Paint, columns: number): string[] {
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
  lines.push(...optionLines(leadingOptions, widthOf(columns)))
  lines.push('', "'varve help COMMAND' explains a command and shows examples.")
  return lines
}

export function commandHelp(entry: CommandEntry, command: Command, paint: Paint, columns: number): string[] {
  const width = widthOf(columns)
  const lines = command.usage.flatMap((usage, i) =>
    fillUsage(`${i === 0 ? 'usage:' : '      '} varve ${usage}`, width, ' '.repeat(13)),
  )
  lines.push('', `${entry.summary}.`, '', ...fillParagraphs(command.description, width))
  if (Object.keys(command.options).length > 0)
    lines.push('', paint('bold', 'options'), ...optionLines(command.options, width))
  lines.push('', paint('bold', 'options of every command'), ...optionLines(commonTo(command), width))
  lines.push('', paint('bold', 'examples'))
  for (const [example, why] of command.examples) lines.push(`  ${paint('cyan', example)}`, `      ${why}`)
  return lines
}

/** Without the letters that the command has for options of its own. */
function commonTo({ options }: Command): OptionSpecs {
  const own = new Set(Object.values(options).map(({ short }) => short))
  return Object.fromEntries(
    Object.entries(commonOptions).map(([name, { short, ...spec }]) => [
      name,
      short === undefined || own.has(short) ? spec : { ...spec, short },
    ]),
  )
}

/** Longer lines are hard to read, however wide the terminal is. */
function widthOf(columns: number): number {
  return Math.min(columns, widthMax)
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

function optionLines(options: OptionSpecs, width: number): string[] {
  return fillTerms(
    Object.entries(options).map(([name, spec]) => [flagsOf(name, spec), spec.about]),
    width,
  )
}

function flagsOf(name: string, spec: OptionSpecs[string]): string {
  const names = [`--${name}`, ...(spec.aliases ?? []).map((alias) => `--${alias}`)]
  const named = spec.value ?? 'VALUE'
  const rest = { flag: '', text: ` ${named}`, list: ` ${named}`, optional: `[=${named}]` }[spec.type]
  const value = spec.nextWord === true ? ` [${named}]` : rest
  return `${spec.short === undefined ? '' : `-${spec.short}, `}${names.join(', ')}${value}`
}
