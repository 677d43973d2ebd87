// History out of a CAR file. Its blocks are laid into a store that is thrown away, each hashed and compared with its
// CID; that store is then received from like a remote that may lie, so that what is kept is whole, fit to be checked
// out, and nothing else. The root becomes a branch.
import { CarBlockIterator } from '@ipld/car/iterator'
import { VarveError, corrupt, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { type Cid, type CommitCid, cidFromLink, codecOf, shortCid } from '../../encoding/cid.ts'
import { shortRefName } from '../../history/refs.ts'
import type { Manifest, Store } from '../../store/interface.ts'
import { horizonChange, receiveCommits } from '../fetch.ts'
import type { TransferOptions } from '../interface.ts'
import { withFreshEpoch, withReceiver } from '../receive.ts'
import { carSections } from './sections.ts'

export interface ImportCarOptions extends TransferOptions {
  /** Full name of the branch to make. */
  readonly ref: string
}

export interface ImportCarReport {
  readonly head: CommitCid
  /** That were not here yet. */
  readonly commits: number
  readonly objects: number
}

/**
 * `scratch` is a new, empty store. @throws VarveError VARVE_CORRUPT, VARVE_OBJECT_MISSING, VARVE_REFUSED,
 * VARVE_NOT_POSSIBLE
 */
export async function importCar(
  local: Store,
  scratch: Store,
  source: AsyncIterable<Uint8Array>,
  options: ImportCarOptions,
): Promise<ImportCarReport> {
  checkFree(await local.manifest(), options.ref)
  try {
    return await importHistory(local, scratch, source, options)
  } catch (error) {
    throw aboutFile(error)
  }
}

async function importHistory(
  local: Store,
  scratch: Store,
  source: AsyncIterable<Uint8Array>,
  options: ImportCarOptions,
): Promise<ImportCarReport> {
  const head = await gather(scratch, source, options)
  const theirs = await scratch.manifest()
  return withFreshEpoch(local, (before, sameState) =>
    withReceiver(local, 'import', async (receiver) => {
      const reception = { before, theirs, wants: [head] }
      const { copied, horizon } = await receiveCommits(local, scratch, receiver, reception, options)
      const ends = horizonChange(receiver.writer, before, horizon)
      await local.update(
        (current) => {
          sameState(current)
          checkFree(current, options.ref)
          return {
            refs: new Map<string, Cid | null>([[options.ref, head], ...ends]),
            operation: { name: 'import', message: `CAR file as ${shortRefName(options.ref)}`, author: '' },
          }
        },
        { writer: receiver.writer, signal: options.signal },
      )
      return { head, commits: copied.commits.size, objects: copied.objects }
    }),
  )
}

/** What is damaged or missing is so in the file, as far as anybody knows. */
function aboutFile(error: unknown): unknown {
  if (!isVarveError(error, 'VARVE_CORRUPT') && !isVarveError(error, 'VARVE_OBJECT_MISSING')) return error
  const { code, message, data } = error
  const isTold = message.includes('CAR file')
  return new VarveError(code, isTold ? message : `the CAR file cannot be imported: ${message}`, {
    data,
    cause: error,
    hint: 'nothing was changed here; get the file once more from whoever exported it',
  })
}

/** Puts all objects into the scratch store; returns the root. */
async function gather(
  scratch: Store,
  source: AsyncIterable<Uint8Array>,
  { ref, signal, onProgress }: ImportCarOptions,
): Promise<CommitCid> {
  const writer = scratch.writer()
  let objects = 0
  try {
    const blocks = await CarBlockIterator.fromIterable(carSections(source))
    const root = rootOf(await blocks.getRoots())
    for await (const { cid: link, bytes } of blocks) {
      throwIfAborted(signal)
      const cid = nameOf(link)
      if (writer.put(codecOf(cid), bytes) !== cid)
        throw corrupt(`block '${shortCid(cid)}' of the CAR file does not match its name`, { cid })
      await writer.drained()
      onProgress?.({ phase: 'reading', done: ++objects, total: 0, unit: 'objects' })
    }
    if (!(await writer.has([root]))[0]) throw corrupt('the root of the CAR file is not in it', { cid: root })
    const operation = { name: 'import', message: '', author: '' }
    await scratch.update(() => ({ refs: new Map([[ref, root]]), operation }), { writer, signal })
    return root
  } catch (error) {
    await writer.abort()
    if (isVarveError(error) || !isMalformed(error)) throw error
    throw corrupt(`the CAR file cannot be read: ${error.message}`, {}, error)
  }
}

type Link = Parameters<typeof cidFromLink>[0]

function rootOf(roots: readonly Link[]): CommitCid {
  if (roots.length === 1) return nameOf(roots[0]!)
  throw new VarveError('VARVE_REFUSED', `the CAR file has ${roots.length} roots`, {
    data: { roots: roots.map(String) },
    hint: 'a file to be imported has one root, a commit',
  })
}

function nameOf(link: Link): Cid {
  try {
    return cidFromLink(link)
  } catch (cause) {
    throw new VarveError(
      'VARVE_REFUSED',
      `the CAR file holds '${String(link)}', which is not an object of Varve`,
      {
        cause,
        hint: 'only what varve wrote can be imported as history: CIDv1, raw or dag-cbor, sha2-256',
      },
    )
  }
}

/** What the library throws about bytes; a failing source or a bug of ours is something else. */
function isMalformed(error: unknown): error is Error {
  return error instanceof Error && !('code' in error && 'syscall' in error) && !(error instanceof TypeError)
}

function checkFree(manifest: Manifest, ref: string): void {
  if (!manifest.refs.has(ref)) return
  throw new VarveError('VARVE_NOT_POSSIBLE', `there is a branch '${shortRefName(ref)}' already`, {
    data: { ref },
    hint: 'import into another one, and merge it',
  })
}
