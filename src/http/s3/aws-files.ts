// Reads ~/.aws/config and ~/.aws/credentials. They look like INI files, but are not: values hold '#', ';' and '=' as
// they are, a comment begins after a blank, and an indented line belongs to the setting above it ('s3.addressing_style').
// That is a dialect of AWS's own, which the INI packages read differently; hence these few lines.
import fs from 'node:fs'
import { readFailure } from '../../base/system-error.ts'

const fileBytesMax = 1 << 20

/** Settings by lower-case name; those of an indented block as 'block.name'. */
export type Section = ReadonlyMap<string, string>

/** Sections by what stands in their brackets, blanks made single: 'default', 'profile work', 'services dev'. */
function readAwsFile(text: string): Map<string, Section> {
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  let block = ''
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue
    const header = /^\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]
    if (header !== undefined) {
      const name = header.replace(/\s+/g, ' ').replaceAll('"', '').replaceAll("'", '')
      section = sections.get(name) ?? new Map<string, string>()
      sections.set(name, section)
      block = ''
      continue
    }
    const setting = /^(\s*)([^=]+?)\s*=\s*(.*)$/.exec(line)
    if (setting === null || section === undefined) continue
    const [, indent, name, raw] = setting as unknown as [string, string, string, string]
    const value = raw.replace(/\s+[#;].*$/, '').trim()
    if (indent !== '' && block !== '') section.set(`${block}.${name.toLowerCase()}`, value)
    else {
      section.set(name.toLowerCase(), value)
      block = value === '' ? name.toLowerCase() : ''
    }
  }
  return sections
}

/** No file is no settings; a file that cannot be read is an error, for its settings were meant. */
export function loadAwsFile(file: string): Map<string, Section> {
  let text: string
  try {
    if (fs.statSync(file).size > fileBytesMax) throw new Error('it is larger than 1 MiB')
    text = fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw readFailure(cause, `cannot read the AWS settings in '${file}'`, { path: file })
  }
  return readAwsFile(text)
}
