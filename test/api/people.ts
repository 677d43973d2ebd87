// A small repository with a table and a text, and two branches that have left its first commit.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { collect } from '../../src/base/iterables.ts'
import { Repository } from '../../src/index.ts'
import { temporaryDir } from '../support/temporary.ts'

export const author: { readonly name: string; readonly email: string } = {
  name: 'Ada',
  email: 'ada@example.org',
}
export const people = 'id,name,city\n1,Ann,Wien\n2,Bob,Paris\n3,Cy,Rome\n'

export async function withPeople(): Promise<Repository> {
  const repo = await Repository.init(temporaryDir(), { author })
  write(repo, 'people.csv', people)
  write(repo, 'notes.txt', 'one\ntwo\nthree\n')
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'first' })
  return repo
}

export const at = (repo: Repository, file: string): string => path.join(repo.root!, file)
export const write = (repo: Repository, file: string, text: string): void =>
  writeFileSync(at(repo, file), text)
export const read = (repo: Repository, file: string): string => readFileSync(at(repo, file), 'utf8')

export function edit(repo: Repository, from: string, to: string, file = 'people.csv'): void {
  write(repo, file, read(repo, file).replace(from, to))
}

export async function commitEdit(
  repo: Repository,
  from: string,
  to: string,
  message: string,
  file?: string,
): Promise<string> {
  edit(repo, from, to, file)
  return (await repo.commit({ message, all: true })).id
}

export async function subjects(repo: Repository, revision = 'HEAD'): Promise<string[]> {
  return (await collect(repo.log({ revision }))).map((commit) => commit.message.split('\n')[0]!)
}

export async function isClean(repo: Repository): Promise<boolean> {
  const { staged, unstaged, untracked, merging } = await repo.status()
  return staged.length + unstaged.length + untracked.length === 0 && merging === null
}

/** main and side have both left the first commit. */
export async function diverged(
  ours: [string, string],
  theirs: [string, string],
  file?: string,
): Promise<Repository> {
  const repo = await withPeople()
  await repo.switch('side', { create: true })
  await commitEdit(repo, ...theirs, 'theirs', file)
  await repo.switch('main')
  await commitEdit(repo, ...ours, 'ours', file)
  return repo
}
