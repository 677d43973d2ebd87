// What a client does for a push, by hand: uploads packs, in pieces if wanted, and asks for the refs to move.
import fs from 'node:fs'
import path from 'node:path'
import { type Cid, digestHex } from '../../src/encoding/cid.ts'
import type { ObjectReader } from '../../src/store/interface.ts'
import { type SentPack, packsOf } from '../remote/sent-packs.ts'
import { temporaryDir } from '../support/temporary.ts'
import type { Called, Serving } from './serving.ts'

export interface Move {
  readonly ref: string
  readonly before: Cid | null
  readonly after: Cid | null
  readonly force?: boolean
}

export interface PushOptions {
  readonly token?: string | null
  readonly repo?: string
  readonly haves?: readonly Cid[]
  readonly epoch?: number
}

export async function packsFor(
  from: ObjectReader,
  moves: readonly Move[],
  haves: readonly Cid[] = [],
): Promise<SentPack[]> {
  const wants = moves.flatMap(({ after }) => after ?? [])
  return wants.length === 0 ? [] : packsOf(path.join(temporaryDir(), 'sent'), from, wants, haves)
}

export async function upload(serving: Serving, pack: SentPack, options: PushOptions = {}): Promise<Called> {
  const body = fs.readFileSync(pack.file)
  return serving.call(`/v1/repos/${options.repo ?? 'prices'}/uploads/${pack.name}`, {
    method: 'PUT',
    body,
    ...tokenOf(options),
  })
}

export async function moveRefs(
  serving: Serving,
  moves: readonly Move[],
  packs: readonly SentPack[],
  options: PushOptions = {},
): Promise<Called> {
  const updates = moves.map(({ before, after, ...move }) => ({
    ...move,
    before: before === null ? null : digestHex(before),
    after: after === null ? null : digestHex(after),
  }))
  return serving.call(`/v1/repos/${options.repo ?? 'prices'}/refs`, {
    method: 'POST',
    body: {
      updates,
      packs: packs.map(({ name }) => name),
      ...(options.epoch === undefined ? {} : { epoch: options.epoch }),
    },
    ...tokenOf(options),
  })
}

/** All of it. */
export async function pushTo(
  serving: Serving,
  from: ObjectReader,
  moves: readonly Move[],
  options: PushOptions = {},
): Promise<Called> {
  const packs = await packsFor(from, moves, options.haves)
  for (const pack of packs) {
    const uploaded = await upload(serving, pack, options)
    if (uploaded.status !== 200) return uploaded
  }
  return moveRefs(serving, moves, packs, options)
}

function tokenOf({ token }: PushOptions): { token?: string | null } {
  return token === undefined ? {} : { token }
}
