// One step of a history that tests make by hand.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Repository } from '../../src/index.ts'

/** Writes a file of the repository, and commits it. */
export async function commitFile(
  repo: Repository,
  file: string,
  text: string,
  message: string,
): Promise<void> {
  writeFileSync(path.join(repo.root!, file), text)
  await repo.add([file])
  await repo.commit({ message })
}
