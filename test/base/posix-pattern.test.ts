// Patterns as grep writes them, held against grep itself.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compilePattern } from '../../src/base/pattern.ts'
import { type PatternSyntax, asRe2 } from '../../src/base/posix-pattern.ts'

const lines = [
  'a', 'aa', 'ab', 'b', 'a*b', 'a+', 'a|b', '(ab)', 'abab', 'x{2}', 'xx', '^a', 'a$', 'a^b', 'a$b', '[a]', ']', 'a.b',
  'a\\b', 'a-b', 'cab', 'ä', 'äb', 'A', ' ', '', '{', '}', 'a{', '*', '**', 'foo bar', 'foobar', '1', '-', '?', '+x',
] // prettier-ignore

const patterns = [
  'a', '^a$', 'a*b', '*', '^*', 'a**', 'a.b', 'a+', 'a\\+', 'a\\?b', 'a?b', '\\(ab\\)*', '(ab)', '(ab)+', '\\(ab\\)\\{2\\}',
  '(ab){2}', 'x\\{2\\}', 'x{2}', 'x{2,}', 'x{,1}$', 'a\\|b', 'a|b', '^a\\|b$', '[]]', '[^]]', '[a-c]b', '[[:alpha:]]b', '[\\]',
  '[a\\]', '[[.-.]]', '[^[:alnum:]]', 'a^b', 'a$b', '\\^a', 'a\\$', '\\.', '\\bfoo\\b', '\\<bar\\>', '\\w\\W', '\\s', '{', '}', 'a{',
  '\\(^a\\)', '(^a)', 'a\\(b$\\)', 'ä', '[ä]b', '.b', '-', '\\-', '(a|b)*$', 'a\\*b', '\\?', '^$', '()', 'a{1', '[]a]', '[^]a]',
] // prettier-ignore

const flags: Readonly<Record<string, string>> = { basic: '-G', extended: '-E', fixed: '-F' }

test.each(['basic', 'extended', 'fixed'] as const)(
  '%s patterns match the lines that grep finds',
  async (syntax) => {
    const wrong: unknown[] = []
    for (const pattern of patterns) {
      const env = { ...process.env, LC_ALL: 'C.UTF-8' }
      const grep = spawnSync('grep', [flags[syntax]!, '-e', pattern], {
        input: `${lines.join('\n')}\n`,
        encoding: 'utf8',
        env,
      })
      if (grep.status === 2) continue
      const theirs = grep.stdout.split('\n').slice(0, -1)
      const ours = await matches(pattern, syntax).catch((error: unknown) => String(error))
      if (JSON.stringify(ours) !== JSON.stringify(theirs)) wrong.push({ pattern, ours, theirs })
    }
    expect(wrong).toEqual([])
  },
)

test('a pattern that keeps others busy is looked for in no time, and what would, is refused', async () => {
  const slow = await compilePattern(asRe2('\\(a*\\)*\\(a\\|aa\\)*b', 'basic'))
  const startMs = performance.now()
  expect(slow.isIn('a'.repeat(20_000))).toBe(false)
  expect(performance.now() - startMs).toBeLessThan(5000)
  expect(() => asRe2('\\(a\\)\\1', 'basic')).toThrow(/refers back/)
  expect(() => asRe2('[a', 'extended')).toThrow(/no '\]'/)
  expect(() => asRe2('a\\', 'basic')).toThrow(/backslash/)
  await expect(compilePattern(asRe2('((a{900}){900}){900}', 'extended'))).rejects.toThrow(/not a pattern/)
})

async function matches(pattern: string, syntax: PatternSyntax): Promise<string[]> {
  const compiled = await compilePattern(asRe2(pattern, syntax))
  return lines.filter((line) => compiled.isIn(line))
}
