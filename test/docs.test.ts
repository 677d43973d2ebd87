// The pages keep up with the house: every link leads somewhere, every file that is named exists, and every test that a
// page calls as its witness is there under that name.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')
const docs = (readdirSync(path.join(root, 'docs'), { recursive: true }) as string[])
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file.replaceAll('\\', '/')}`)
const pages = ['README.md', 'CHANGELOG.md', 'fixtures/README.md', ...docs].sort()

const read = (page: string): string => readFileSync(path.join(root, page), 'utf8')

/** Without blocks of code: what looks like a link or a heading there is none. */
function prose(page: string): string {
  return read(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** As GitHub names headings: lower case, no punctuation, a hyphen a space. */
function anchorsOf(page: string): Set<string> {
  const headings = [...prose(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading!)
  const names = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
  return new Set(names)
}

function brokenLinks(page: string): string[] {
  const broken: string[] = []
  for (const [, link] of prose(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(link!)) continue
    const [file, anchor] = link!.split('#')
    const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file!)
    const leads = existsSync(path.join(root, target))
    if (!leads || (anchor !== undefined && !anchorsOf(target).has(anchor))) broken.push(link!)
  }
  return broken
}

/** `| file | test |`, and before it maybe what it is a witness of. */
const witness = /^\|(?: [^|`]+ \|)? `((?:test|src\/contract)\/[\w./-]+\.ts)` \| (.+) \|$/gm

describe.each(pages)('%s', (page) => {
  test('every link leads to a file and a heading that are there', () => {
    expect(brokenLinks(page)).toEqual([])
  })

  test('every file of the sources, tests, benchmarks and fixtures that it names exists', () => {
    const named = [...prose(page).matchAll(/`((?:src|test|bench|bin|fixtures|docs)\/[\w./-]*)`/g)].map(
      ([, file]) => file!,
    )
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([])
  })

  test('every test that it calls as a witness is there under that name', () => {
    const missing: string[] = []
    for (const [, file, name] of read(page).matchAll(witness)) {
      if (!read(file!).includes(name!)) missing.push(`${file}: ${name}`)
    }
    expect(missing).toEqual([])
  })
})

test('the pages that the design knows are all there', () => {
  for (const name of ['ARCHITECTURE', 'FORMAT', 'CLI', 'API', 'SYNC', 'RELIABILITY', 'SHORTCOMINGS'])
    expect(pages).toContain(`docs/${name}.md`)
})

test('every dependency has its reason in docs/ARCHITECTURE.md', () => {
  const { dependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'optionalDependencies',
    Record<string, string>
  >
  const all = Object.keys({ ...dependencies, ...optionalDependencies })
  const named = [...read('docs/ARCHITECTURE.md').matchAll(/^\| `([@\w/.-]+)` \|/gm)].map(([, name]) => name!)
  expect(named.filter((name) => !/\/$|\.ts$/.test(name)).sort()).toEqual(all.sort())
})
