// Files that are not read are named where somebody may look for their rows.
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

test('link add and link test say which files of a folder are no tables, in one line', async () => {
  const dir = temporaryDir()
  await ok(['init', '-q'], { cwd: dir })
  mkdirSync(`${dir}/drop`)
  writeFileSync(`${dir}/drop/people.csv.gz`, gzipSync('id,name\n1,Ada\n'))
  for (const name of ['a.xlsx', 'b.parquet', 'c.csv.zst']) writeFileSync(`${dir}/drop/${name}`, 'x')
  const added = await varve(['link', 'add', 'drop', './drop/', '--tables', '*', '--mode', 'capture'], {
    cwd: dir,
  })
  expect(added.code).toBe(0)
  const others =
    "2 of another format ('a.xlsx', …), 1 compressed or packed otherwise than as .csv.gz and the like"
  expect(added.stderr).toContain(`warning: some files there are no tables, and are not read: ${others}`)
  expect(await ok(['link', 'test', 'drop'], { cwd: dir })).toContain(`not read: ${others} ('c.csv.zst')\n`)
  const tested = JSON.parse(await ok(['link', 'test', 'drop', '--json'], { cwd: dir }))
  expect(tested.passedOver[0]).toEqual({ reason: 'of another format', count: 2, first: 'a.xlsx' })
})

test('import reads what gzip has compressed, from a file and from a pipe, and says how to unpack others', async () => {
  const dir = temporaryDir()
  await ok(['init', '-q'], { cwd: dir })
  const packed = gzipSync('id,name\n1,Ada\n')
  const importing = (file: string, ...more: string[]) =>
    varve(['import', file, '--as', 'people', '--key', 'id', ...more], { cwd: dir })
  writeFileSync(`${dir}/people.csv.gz`, packed)
  expect((await importing('people.csv.gz')).stdout).toContain('1 added')
  writeFileSync(
    `${dir}/more.JSONL.GZ`,
    Buffer.concat([gzipSync('{"id":2,"name":"Grace"}\n'), gzipSync('{"id":3}\n')]),
  )
  expect((await importing('more.JSONL.GZ')).stdout).toContain('2 added')
  const piped = await varve(['import', '-', '--as', 'people', '--format', 'csv'], { cwd: dir, input: packed })
  expect(piped.stdout).toContain('0 added, 0 changed')
  for (const [name, bytes, why] of [
    ['cut.csv.gz', packed.subarray(0, -5), 'unexpected end of file'],
    ['more.csv.gz', Buffer.concat([packed, Buffer.from('9,x\n')]), 'incorrect header check'],
    ['none.csv.gz', Buffer.alloc(0), 'it has no bytes'],
    ['plain.csv.gz', Buffer.from('id,name\n9,x\n'), 'incorrect header check'],
  ] as const) {
    writeFileSync(`${dir}/${name}`, bytes)
    const { code, stderr } = await importing(name)
    expect(code).not.toBe(0)
    expect(stderr).toContain(`'${name}' is no whole gzip file: ${why}`)
    expect(stderr).toContain('hint: ')
  }
  expect((await importing('people.csv.gz')).stdout).toContain('0 added, 0 changed, 0 removed; 3 rows now')
  writeFileSync(`${dir}/people.csv.zst`, 'x')
  expect((await importing('people.csv.zst')).stderr).toContain('zstd -dc people.csv.zst | varve import -')
  writeFileSync(`${dir}/people.parquet.gz`, packed)
  expect((await importing('people.parquet.gz')).stderr).toContain(
    'gzip -dc people.parquet.gz | varve import -',
  )
})

test('a file that gzip has compressed is tracked as the file that it is', async () => {
  const dir = temporaryDir()
  await ok(['init', '-q'], { cwd: dir })
  writeFileSync(`${dir}/people.csv.gz`, gzipSync('id,name\n1,Ada\n'))
  const tracked = await varve(['track', 'people.csv.gz', '--key', 'id'], { cwd: dir })
  expect(tracked.code).not.toBe(0)
  expect(tracked.stderr).toContain(
    "versioned as a file ('varve add'); unpack it, or read its rows with 'varve import'",
  )
  await ok(['add', 'people.csv.gz'], { cwd: dir })
  expect(await ok(['ls-files'], { cwd: dir })).toContain('people.csv.gz')
})
