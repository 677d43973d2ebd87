// Writes the command part of docs/CLI.md from the commands' own words; test/cli/docs.test.ts holds both together.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const page = path.join(root, 'docs/CLI.md')
const start = '<!-- commands: written by bin/cli-reference.js -->\n'
const end = '<!-- end of commands -->\n'

function varve(...args) {
  return JSON.parse(
    execFileSync(process.execPath, [path.join(root, 'bin/varve.js'), ...args, '--json'], {
      encoding: 'utf8',
    }),
  )
}

function section({ name, summary, usage, description, options, examples, json }) {
  const lines = [
    `### varve ${name}`,
    '',
    `${summary}.`,
    '',
    '```',
    ...usage,
    '```',
    '',
    description.replaceAll('\n', ' '),
  ]
  if (options.length > 0) {
    lines.push('', '| option | |', '|---|---|')
    for (const { flags, about } of options) lines.push(`| \`${flags}\` | ${about.replaceAll('|', '\\|')} |`)
  }
  lines.push('', 'Examples:', '', '```sh')
  for (const { command, why } of examples) lines.push(`${command}  # ${why}`)
  lines.push('```', '', `JSON: \`${json}\``, '')
  return lines.join('\n')
}

export function commandReference() {
  return varve('help')
    .items.map(({ name }) => section(varve('help', name)))
    .join('\n')
}

export function commandPart(text) {
  return text.slice(text.indexOf(start) + start.length, text.indexOf(end))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = readFileSync(page, 'utf8')
  const before = text.slice(0, text.indexOf(start) + start.length)
  writeFileSync(page, `${before}${commandReference()}${text.slice(text.indexOf(end))}`)
}
