// The part of ~/.my.cnf that says who one is, as MySQL's own clients read it: sections, `name = value`, quotes, comments.
import fs from 'node:fs'
import path from 'node:path'

export interface OptionFile {
  readonly user?: string
  readonly password?: string
}

const sections: ReadonlySet<string> = new Set(['client', 'client-mariadb', 'client-server'])
const fileBytesMax = 1 << 20

/** Empty when there is no such file. One that everybody may write is left alone, as MySQL's clients do. */
export function readOptionFile(home: string | undefined): OptionFile {
  if (home === undefined || home === '') return {}
  const file = path.join(home, '.my.cnf')
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || stat.size > fileBytesMax || (stat.mode & 0o002) !== 0) return {}
  return parseOptionFile(fs.readFileSync(file, 'utf8'))
}

export function parseOptionFile(text: string): OptionFile {
  const options = new Map<string, string>()
  let isOurs = false
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[([^\]]+)\]/.exec(line)?.[1]
    if (section !== undefined) isOurs = sections.has(section.trim())
    const option = /^\s*(user|password)\s*=\s*(.*?)\s*$/.exec(line)
    if (isOurs && option !== null) options.set(option[1]!, valueOf(option[2]!))
  }
  return Object.fromEntries(options)
}

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', r: '\r', s: ' ' }

function valueOf(text: string): string {
  const quoted = /^(["'])(.*)\1\s*(?:#.*)?$/.exec(text)
  const value = quoted === null ? text.replace(/\s*#.*$/, '') : quoted[2]!
  return value.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter)
}
