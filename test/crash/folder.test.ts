// A round with a folder of files that is killed at any change of the file system leaves every file whole, the old one or
// the new one, and the next round comes to the same end.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { BranchLinks, heldBackOf } from '../support/branch-links.ts'
import { dyingAt } from '../support/dying-fs.ts'
import { temporaryDir } from '../support/temporary.ts'

const before = { a: 'id,n\n1,x\n2,y\n', b: 'id,n\n1,x\n' }
const after = { a: 'id,n\n1,ours\n3,new\n', b: 'id,n\n1,x\n4,theirs\n5,new\n', c: 'id,n\n1,made\n' }

test('a round that is killed leaves whole files, and the next one does the rest', async () => {
  const outcomes = new Set<string>()
  for (let at = 1; ; at++) {
    const folder = temporaryDir()
    const file = (name: string): string => path.join(folder, `${name}.csv`)
    const texts = (): Record<string, string> =>
      Object.fromEntries(
        ['a', 'b', 'c'].flatMap((name) =>
          fs.existsSync(file(name)) ? [[name, fs.readFileSync(file(name), 'utf8')]] : [],
        ),
      )
    for (const [name, text] of Object.entries(before)) fs.writeFileSync(file(name), text)
    const links = new BranchLinks()
    const url = `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
    await links.sync(links.link(url, ['a', 'b']))
    await links.edit('a', {
      put: [
        { id: 1, n: 'ours' },
        { id: 3, n: 'new' },
      ],
      remove: [2],
    })
    await links.edit('b', { put: [{ id: 5, n: 'new' }] })
    await links.repository.transaction('main', (tx) => {
      const columns = [
        { name: 'id', type: 'int' as const },
        { name: 'n', type: 'text' as const },
      ]
      tx.createTable('data/c', { key: ['id'], columns }).put({ id: 1, n: 'made' })
    })
    const link = links.link(url, ['a', 'b', 'c'])
    const hasDied = await dyingAt(at, () => links.sync(link))
    const found = texts()
    const isNew = (name: 'a' | 'b' | 'c', text: string): boolean => found[name] === text
    expect([before.a, after.a]).toContain(found['a'])
    expect([before.b, 'id,n\n1,x\n5,new\n']).toContain(found['b'])
    expect([undefined, after.c]).toContain(found['c'])
    outcomes.add(`${isNew('a', after.a)} ${found['b'] !== before.b} ${isNew('c', after.c)}`)
    fs.appendFileSync(file('b'), '4,theirs\n')
    for (let round = 0; round < 2; round++) expect(heldBackOf(await links.sync(link))).toEqual([])
    const rows = (text: string | undefined): string[] => (text ?? '').trimEnd().split('\n').sort()
    for (const name of ['a', 'b', 'c'] as const) expect(rows(texts()[name])).toEqual(rows(after[name]))
    expect(await links.rows('b')).toEqual([
      { id: 1, n: 'x' },
      { id: 4, n: 'theirs' },
      { id: 5, n: 'new' },
    ])
    // What it left behind is hidden, and gone with the next write.
    await links.edit('c', { put: [{ id: 2, n: 'more' }] })
    await links.sync(link)
    const left = fs.readdirSync(folder).filter((name) => name.endsWith('.tmp'))
    expect(left.filter((name) => !name.startsWith('.varve-state-'))).toEqual([])
    if (hasDied) continue
    expect(at).toBeGreaterThan(15)
    break
  }
  expect(outcomes.size).toBeGreaterThan(3)
})
