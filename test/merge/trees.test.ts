import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { SymlinkEntry } from '../../src/files/interface.ts'
import { Bench } from './bench.ts'

const link = (target: string): SymlinkEntry => ({ kind: 'symlink', target: utf8(target) })

describe('merge of trees', () => {
  test('files that one side added, changed or removed are taken as they are', async () => {
    const bench = new Bench()
    const base = await bench.tree({ a: bench.file('1'), b: bench.file('1'), c: bench.file('1') })
    const ours = await bench.tree({
      a: bench.file('2'),
      b: bench.file('1'),
      c: bench.file('1'),
      d: bench.file('4'),
    })
    const theirs = await bench.tree({ a: bench.file('1'), c: bench.file('3'), e: bench.file('5') })
    const outcome = await bench.merge(base, ours, theirs)
    expect(await bench.show(outcome.tree)).toEqual({ a: '2', c: '3', d: '4', e: '5' })
    expect(outcome.paths).toEqual([
      { path: 'b', result: 'theirs', state: 'deleted', conflicts: 0 },
      { path: 'c', result: 'theirs', conflicts: 0 },
      { path: 'e', result: 'theirs', state: 'added', conflicts: 0 },
    ])
    expect((await bench.merge(base, theirs, ours)).tree).toBe(outcome.tree)
  })

  test('a base that is ours gives theirs, a base that is theirs gives ours', async () => {
    const bench = new Bench()
    const one = await bench.tree({ a: bench.file('1') })
    const two = await bench.tree({ a: bench.file('2'), b: bench.file('2') })
    expect((await bench.merge(one, one, two)).tree).toBe(two)
    expect((await bench.merge(one, two, one)).tree).toBe(two)
  })

  test('unrelated trees are joined; what both have and differs is a conflict', async () => {
    const bench = new Bench()
    const ours = await bench.tree({ a: bench.file('1'), same: bench.file('x') })
    const theirs = await bench.tree({ a: bench.file('2'), b: bench.file('2'), same: bench.file('x') })
    const outcome = await bench.merge(null, ours, theirs)
    expect(await bench.show(outcome.tree)).toEqual({ a: '1', b: '2', same: 'x' })
    expect(await bench.conflicts(outcome)).toMatchObject([
      { id: '1', kind: 'file', path: 'a', reason: 'both-added', base: null },
    ])
  })

  test('text that both sides changed is merged by lines', async () => {
    const bench = new Bench()
    const base = await bench.tree({ 'notes.txt': bench.file('a\nb\nc\n') })
    const ours = await bench.tree({ 'notes.txt': bench.file('A\nb\nc\n') })
    const theirs = await bench.tree({ 'notes.txt': bench.file('a\nb\nC\n') })
    const outcome = await bench.merge(base, ours, theirs)
    expect(await bench.show(outcome.tree)).toEqual({ 'notes.txt': 'A\nb\nC\n' })
    expect(outcome.paths).toEqual([{ path: 'notes.txt', result: 'merged', conflicts: 0 }])
  })

  test('text whose lines clash stays ours, and the three sides are stored', async () => {
    const bench = new Bench()
    const [base, mine, yours] = ['a\n', 'b\n', 'c\n'].map((text) => bench.file(text))
    const outcome = await bench.merge(
      await bench.tree({ f: base! }),
      await bench.tree({ f: mine! }),
      await bench.tree({ f: yours! }),
    )
    expect(await bench.show(outcome.tree)).toEqual({ f: 'b\n' })
    expect(await bench.conflicts(outcome)).toEqual([
      { kind: 'file', id: '1', path: 'f', reason: 'text', base, ours: mine, theirs: yours },
    ])
    expect(outcome.paths).toEqual([{ path: 'f', result: 'conflict', conflicts: 1 }])
  })

  test('binary files changed on both sides are a conflict', async () => {
    const bench = new Bench()
    const tree = (byte: number): Promise<never> =>
      bench.tree({ f: bench.file(Uint8Array.of(0, byte)) }) as Promise<never>
    const outcome = await bench.merge(await tree(1), await tree(2), await tree(3))
    expect(await bench.conflicts(outcome)).toMatchObject([{ path: 'f', reason: 'binary' }])
  })

  test('a file removed on one side and edited on the other is a conflict that keeps ours', async () => {
    const bench = new Bench()
    const base = await bench.tree({ f: bench.file('a'), g: bench.file('g') })
    const gone = await bench.tree({ g: bench.file('g') })
    const edited = await bench.tree({ f: bench.file('b'), g: bench.file('g') })
    const outcome = await bench.merge(base, gone, edited)
    expect(await bench.show(outcome.tree)).toEqual({ g: 'g' })
    expect(await bench.conflicts(outcome)).toMatchObject([{ path: 'f', reason: 'delete-edit', ours: null }])
    const mirrored = await bench.merge(base, edited, gone)
    expect(await bench.show(mirrored.tree)).toEqual({ f: 'b', g: 'g' })
    expect(await bench.conflicts(mirrored)).toMatchObject([
      { path: 'f', reason: 'delete-edit', theirs: null },
    ])
  })

  test('a symlink against a file is a conflict, and so are two targets', async () => {
    const bench = new Bench()
    const base = await bench.tree({ a: bench.file('a'), b: link('x') })
    const ours = await bench.tree({ a: link('b'), b: link('y') })
    const theirs = await bench.tree({ a: bench.file('c'), b: link('z') })
    const outcome = await bench.merge(base, ours, theirs)
    expect(await bench.show(outcome.tree)).toEqual({ a: 'b', b: 'y' })
    expect(await bench.conflicts(outcome)).toMatchObject([
      { path: 'a', reason: 'type' },
      { path: 'b', reason: 'binary' },
    ])
  })

  test('a change of mode and a change of content are both taken', async () => {
    const bench = new Bench()
    const base = await bench.tree({ run: bench.file('a') })
    const ours = await bench.tree({ run: bench.file('a', true) })
    const theirs = await bench.tree({ run: bench.file('b') })
    const outcome = await bench.merge(base, ours, theirs)
    expect(await bench.show(outcome.tree)).toEqual({ run: { executable: 'b' } })
    expect((await bench.merge(base, theirs, ours)).tree).toBe(outcome.tree)
  })

  test('a file where the other side has a directory waits as a conflict', async () => {
    const bench = new Bench()
    const base = await bench.tree({ x: bench.file('x') })
    const file = await bench.tree({ x: bench.file('x'), a: bench.file('file') })
    const directory = await bench.tree({ x: bench.file('x'), 'a/b': bench.file('1'), 'a/c': bench.file('2') })
    const one = await bench.merge(base, file, directory)
    expect(await bench.show(one.tree)).toEqual({ a: 'file', x: 'x' })
    expect(await bench.conflicts(one)).toMatchObject([
      { path: 'a/b', reason: 'type', ours: null },
      { path: 'a/c', reason: 'type', ours: null },
    ])
    const other = await bench.merge(base, directory, file)
    expect(await bench.show(other.tree)).toEqual({ 'a/b': '1', 'a/c': '2', x: 'x' })
    expect(await bench.conflicts(other)).toMatchObject([{ path: 'a', reason: 'type', ours: null }])
  })

  test('an edit follows a file that the other side moved', async () => {
    const bench = new Bench()
    const base = await bench.tree({ old: bench.file('a\nb\nc\n'), z: bench.file('z') })
    const moved = await bench.tree({ 'dir/new': bench.file('a\nb\nc\n'), z: bench.file('z') })
    const edited = await bench.tree({ old: bench.file('a\nb\nC\n'), z: bench.file('z') })
    const outcome = await bench.merge(base, edited, moved)
    expect(await bench.show(outcome.tree)).toEqual({ 'dir/new': 'a\nb\nC\n', z: 'z' })
    expect(outcome.conflictCount).toBe(0)
    expect(outcome.paths.map(({ path }) => path)).toEqual(['dir/new', 'old'])
    expect((await bench.merge(base, moved, edited)).tree).toBe(outcome.tree)
  })
})
