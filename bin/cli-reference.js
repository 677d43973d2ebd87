// Writes the command part of docs/CLI.md from the commands' own words; test/cli/docs.test.ts holds both together.
const { execFileSync } = require('node:child_process')
const { readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')

const root = path.dirname(__dirname)
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

/** A paragraph of lines that are set in is a list: a word, what it means, and maybe lines that go on. */
function paragraphs(description) {
  return description.split('\n\n').flatMap((paragraph, i) => {
    const joined = paragraph.replaceAll(/\n {4,}/g, ' ')
    const lines = paragraph.startsWith('  ')
      ? joined.split('\n').map((line) => line.replace(/^ {2}(.+?) {2,}/, '- `$1`: '))
      : [paragraph.replaceAll('\n', ' ')]
    return i === 0 ? lines : ['', ...lines]
  })
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
    ...paragraphs(description),
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

function commandReference() {
  return varve('help')
    .items.map(({ name }) => section(varve('help', name)))
    .join('\n')
}

if (require.main === module) {
  const text = readFileSync(page, 'utf8')
  const before = text.slice(0, text.indexOf(start) + start.length)
  writeFileSync(page, `${before}${commandReference()}${text.slice(text.indexOf(end))}`)
}
