// Real Git repositories in temporary folders, made and asked by the git command.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const env = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Charles Babbage',
  GIT_COMMITTER_EMAIL: 'charles@example.org',
}

export class GitRepository {
  readonly dir: string
  #time = 1_600_000_000

  constructor(dir: string = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-git-test-'))) {
    this.dir = dir
  }

  static create(options: readonly string[] = []): GitRepository {
    const repository = new GitRepository()
    repository.git('init', '-q', '-b', 'main', ...options)
    return repository
  }

  git(...args: string[]): string {
    return this.gitWith({}, ...args).toString('utf8')
  }

  gitWith(extra: Record<string, string>, ...args: string[]): Buffer {
    const dates = { GIT_AUTHOR_DATE: `${this.#time} +0530`, GIT_COMMITTER_DATE: `${this.#time + 60} -0330` }
    return execFileSync('git', args, {
      cwd: this.dir,
      env: { ...env, ...dates, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  write(name: string | Buffer, content: string | Buffer, mode = 0o644): void {
    const file = Buffer.concat([Buffer.from(`${this.dir}/`), Buffer.from(name)])
    fs.mkdirSync(path.dirname(file.toString('latin1')), { recursive: true })
    fs.writeFileSync(file, content)
    fs.chmodSync(file, mode)
  }

  commit(message: string, ...args: string[]): string {
    this.#time += 3600
    this.git('add', '-A')
    this.git('commit', '-q', '--allow-empty', '-m', message, ...args)
    return this.head()
  }

  head(revision = 'HEAD'): string {
    return this.git('rev-parse', revision).trim()
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true })
  }
}
