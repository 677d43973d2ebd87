// A small repository with a remote, a table, files and three commits, and ways to damage its files.
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { type RepairReport, Repository } from '../../src/index.ts'
import { temporaryDir } from './temporary.ts'

export const author = { name: 'Ada', email: 'ada@example.org' }

export interface Sample {
  readonly dir: string
  /** Has all that was committed. */
  readonly remote: string
  /** Contents by 'COMMIT:PATH', as latin1. */
  readonly truth: ReadonlyMap<string, string>
  readonly tip: string
}

export function noise(bytes: number, seed: number): Buffer {
  const out = Buffer.alloc(bytes)
  for (let i = 0, state = seed; i < bytes; i++)
    out[i] = (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 16
  return out
}

export function csv(rows: number, changed: number): string {
  const line = (i: number): string => `${i},name ${i},${i === changed ? 'changed' : i * 7}`
  return `id,name,value\n${Array.from({ length: rows }, (_, i) => line(i)).join('\n')}\n`
}

/** Its working folder has not all that was committed. */
export async function sampleRepository(): Promise<Sample> {
  const base = `${temporaryDir()}/repo`
  const remote = `${temporaryDir()}/remote`
  const truth = new Map<string, string>()
  const tips: string[] = []
  const repo = await Repository.init(base, { author })
  await repo.addRemote('origin', remote)
  fs.writeFileSync(`${base}/people.csv`, csv(1500, 3))
  await repo.track('people.csv', { key: ['id'] })
  fs.writeFileSync(`${base}/big.bin`, noise(400_000, 1))
  for (const [i, text] of ['one', 'two', 'three'].entries()) {
    fs.writeFileSync(`${base}/${i}.txt`, `${text} `.repeat(50 + i))
    fs.writeFileSync(`${base}/people.csv`, csv(1500 + i, 100 * i))
    await repo.add([], { all: true })
    await repo.commit({ message: text })
  }
  await repo.push('origin', ['main'])
  for await (const commit of repo.log()) {
    tips.push(commit.id)
    for await (const { path: name } of repo.list(commit.id))
      truth.set(`${commit.id}:${name}`, await read(repo, commit.id, name))
  }
  await repo.close()
  // What the working folder has of these is no help.
  fs.rmSync(`${base}/big.bin`)
  fs.rmSync(`${base}/people.csv`)
  fs.rmSync(`${base}/.varve/cache`, { recursive: true, force: true })
  return { dir: base, remote, truth, tip: tips[0]! }
}

export function copyOf(dir: string): string {
  const copy = `${temporaryDir()}/repo`
  fs.cpSync(dir, copy, { recursive: true })
  return copy
}

export async function read(repo: Repository, revision: string, name: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of repo.cat(revision, name)) parts.push(part)
  return Buffer.concat(parts).toString('latin1')
}

export type Damage = (file: string, whole: Buffer) => void

export const flip =
  (share: number): Damage =>
  (file, whole) => {
    const bytes = Buffer.from(whole)
    const at = Math.min(bytes.length - 1, Math.floor(bytes.length * share))
    bytes[at]! ^= 0xff
    fs.writeFileSync(file, bytes)
  }
export const cut =
  (share: number): Damage =>
  (file, whole) =>
    fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length * share)))
export const damages: Record<string, Damage> = {
  'first byte': flip(0),
  'a quarter in': flip(0.25),
  'two thirds in': flip(0.67),
  'last byte': flip(1),
  'one bit': (file, whole) => {
    const bytes = Buffer.from(whole)
    bytes[bytes.length >> 1]! ^= 4
    fs.writeFileSync(file, bytes)
  },
  'cut in half': cut(0.5),
  emptied: cut(0),
  longer: (file, whole) => fs.writeFileSync(file, Buffer.concat([whole, Buffer.of(0)])),
  removed: (file) => fs.rmSync(file),
}

export function filesOf(dir: string): string[] {
  const found = fs.readdirSync(`${dir}/.varve`, { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile() && entry.name !== 'newest')
  return files.map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name))).sort()
}

/** What can be read is right; returns what cannot be. */
export async function unreadable(dir: string, { truth }: Sample): Promise<string[]> {
  const repo = await Repository.open(dir)
  const lost: string[] = []
  for (const [place, text] of truth) {
    const [revision, name] = place.split(':') as [string, string]
    try {
      expect(await read(repo, revision, name)).toBe(text)
    } catch (error) {
      if (!isVarveError(error)) throw error
      lost.push(place)
    }
  }
  await repo.close()
  return lost
}

/** Staged once and never committed: no remote has it, and nothing but undo could ask for it. */
export function isOfThePast({ what }: RepairReport['lost'][number]): boolean {
  return what.startsWith('states of the past')
}

export function newestManifest(dir: string): string {
  return `${dir}/.varve/m/${fs.readdirSync(`${dir}/.varve/m`).sort().at(-1)!}`
}

export function damageAll(dir: string, names: RegExp, damage: Damage): void {
  for (const file of filesOf(dir).filter((name) => names.test(name))) {
    damage(`${dir}/${file}`, fs.readFileSync(`${dir}/${file}`))
    fs.utimesSync(`${dir}/${file}`, 1, 1)
  }
}
