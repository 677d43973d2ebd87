// A folder whose two branches clash: base, ours (main) and theirs, each as files with their text.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { Repository } from '../../src/index.ts'
import { collect } from '../../src/base/iterables.ts'
import type { ConflictInfo, ConflictOptions } from '../../src/api/interface.ts'
import { temporaryDir } from '../support/temporary.ts'

export type Files = Readonly<Record<string, string>>

const author = { name: 'Ada', email: 'ada@example.org' }

export class Clash {
  readonly repo: Repository
  readonly root: string

  private constructor(repo: Repository, root: string) {
    this.repo = repo
    this.root = root
  }

  /** `keys`: by table its key; other files stay files. Nothing is merged yet. */
  static async of(
    keys: Readonly<Record<string, readonly string[]>>,
    sides: { base: Files; ours: Files; theirs: Files },
    config = '',
  ): Promise<Clash> {
    const root = `${temporaryDir()}/data`
    const repo = await Repository.init(root, { author, now: () => ({ timeMs: 1, zoneMinutes: 0 }) })
    onTestFinished(() => repo.close())
    const clash = new Clash(repo, root)
    clash.write(sides.base)
    for (const [table, key] of Object.entries(keys)) await repo.track(table, { key })
    if (config !== '') clash.write({ 'varve.yaml': config })
    await repo.add(['.'])
    await repo.commit({ message: 'base' })
    await repo.switch('theirs', { create: true })
    await clash.change(sides.base, sides.theirs)
    await repo.switch('main')
    await clash.change(sides.base, sides.ours)
    return clash
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(`${this.root}/${name}`), { recursive: true })
      writeFileSync(`${this.root}/${name}`, text)
    }
  }

  /** Commits that the files of `before` are now those of `after`. */
  async change(before: Files, after: Files): Promise<void> {
    for (const name of Object.keys(before)) if (!(name in after)) rmSync(`${this.root}/${name}`)
    this.write(after)
    await this.repo.add([], { all: true })
    await this.repo.commit({ message: 'change', allowEmpty: true })
  }

  read(name: string): string {
    return readFileSync(`${this.root}/${name}`, 'utf8')
  }

  conflicts(options: ConflictOptions = {}): Promise<ConflictInfo[]> {
    return collect(this.repo.conflicts(options))
  }

  async sheet(): Promise<string[]> {
    return (await collect(this.repo.conflictSheet())).map((line) => line.trimEnd())
  }
}

export function csv(...lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
