// docs/CLI.md and README.md say what the program does: the pages are compared with it.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/base/errors.ts'
import { commands } from '../../src/cli/commands.ts'
import { commandFacts } from '../../src/cli/help.ts'
import { root } from './varve.ts'

const page = readFileSync(path.join(root, 'docs/CLI.md'), 'utf8')

test('docs/CLI.md has every command with its options and no other', async () => {
  const named = [...page.matchAll(/^### varve (\S+)$/gm)].map((match) => match[1])
  expect(named).toEqual(commands.map(({ name }) => name))
  for (const entry of commands) {
    const facts = commandFacts(entry, (await entry.load()).command)
    const section = page.slice(page.indexOf(`### varve ${entry.name}\n`)).split(/^### varve /m)[1]!
    expect([...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])).toEqual(
      facts.options.map(({ flags }) => flags),
    )
    for (const usage of facts.usage) expect(section).toContain(usage)
    expect(section).toContain(`JSON: \`${facts.json}\``)
  }
})

test('docs/CLI.md has every error code with its exit code', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| `(VARVE_[A-Z_]+)` \|/gm)].map((match) => [
    match[2],
    Number(match[1]),
  ])
  expect(Object.fromEntries(rows)).toEqual({ ...exitCodes, VARVE_INTERNAL: 70 })
})

test('every command explains itself: description, examples that call it, JSON', async () => {
  for (const entry of commands) {
    const { command } = await entry.load()
    expect(command.usage.every((usage) => usage.startsWith(entry.name))).toBe(true)
    expect(command.description).toMatch(/\.$/)
    expect(command.json).not.toBe('')
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [example] of command.examples) expect(example).toContain('varve ')
    const shorts = Object.values(command.options).flatMap(({ short }) => short ?? [])
    expect(new Set(shorts).size).toBe(shorts.length)
  }
})
