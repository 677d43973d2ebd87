// CAR files through the public API: a commit with all that it reaches, out of and into a repository.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { branchRef, shortRefName } from '../../history/refs.ts'
import { resolveRevision } from '../../history/revision.ts'
import { makeDir } from '../../store/disk/files.ts'
import { DiskStore } from '../../store/disk/store.ts'
import type { Store } from '../../store/interface.ts'
import { idOf } from '../info.ts'
import type { OperationOptions } from '../interface.ts'

export interface ImportCarOptions extends OperationOptions {
  /** The branch to make of the root. */
  readonly branch: string
}

export interface ImportCarResult {
  readonly branch: string
  readonly head: string
  /** That were not here yet. */
  readonly commits: number
  readonly objects: number
}

export async function* exportCarOf(
  store: Store,
  revision: string,
  options: OperationOptions,
): AsyncGenerator<Uint8Array> {
  const { commit } = await resolveRevision(store, revision)
  const { exportCar } = await import('../../remote/car/export.ts')
  yield* exportCar(store, commit, options)
}

/** Checks the objects in a folder below `folder`, or in a temporary one, before they come into the store. */
export async function importCarInto(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  options: ImportCarOptions & { readonly folder?: string | undefined },
): Promise<ImportCarResult> {
  const ref = branchRef(options.branch)
  const parent = options.folder ?? os.tmpdir()
  makeDir(parent)
  const scratchDir = fs.mkdtempSync(path.join(parent, 'varve-car-'))
  try {
    const scratch = await DiskStore.create(scratchDir, { durability: 'loose' })
    try {
      const { importCar } = await import('../../remote/car/import.ts')
      const { head, commits, objects } = await importCar(store, scratch, source, { ...options, ref })
      return { branch: shortRefName(ref), head: idOf(head), commits, objects }
    } finally {
      await scratch.close()
    }
  } finally {
    fs.rmSync(scratchDir, { recursive: true, force: true })
  }
}
