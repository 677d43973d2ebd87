// Brings a table up to date that a function derives: by what has changed, where all of what it was made of is still there.
import type { Cid } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { Io } from '../repo/interface.ts'
import { deriveByFunction } from './by-function.ts'
import { deriveByGroup } from './by-group.ts'
import type { FunctionDerivation, GroupDerivation } from './interface.ts'
import { type Memo, knownIndexes, knownInput } from './memo.ts'
import type { Answer, Query } from './query.ts'
import { RunWhole } from './sql/scope.ts'

const none: ReadonlyMap<string, Cid> = new Map()

export async function runFunction(
  io: Io,
  derivation: FunctionDerivation | GroupDerivation,
  inputs: ReadonlyMap<Path, Cid>,
  { known, present, signal, onProgress }: Pick<Query, 'known' | 'present' | 'signal' | 'onProgress'>,
): Promise<Answer> {
  const before = known instanceof RunWhole ? known : await knownInputs(io, known, [...inputs.keys()])
  const isKnown = !(before instanceof RunWhole)
  const indexes = known instanceof RunWhole ? none : await knownIndexes(io.nodes.reader, known)
  const work = {
    inputs,
    known: isKnown ? { inputs: before, output: present!.table, indexes } : null,
    signal,
    onRows: (done: number, total: number) =>
      onProgress?.({ phase: `deriving ${derivation.path}`, done, total, unit: 'rows' }),
  }
  const made =
    'rows' in derivation
      ? await deriveByFunction(io, { derivation, ...work })
      : await deriveByGroup(io, { derivation, ...work })
  return isKnown ? made : { ...made, whole: before.message }
}

async function knownInputs(
  io: Io,
  known: Memo,
  paths: readonly Path[],
): Promise<ReadonlyMap<Path, Cid> | RunWhole> {
  const inputs = new Map<Path, Cid>()
  for (const path of paths) {
    const cid = await knownInput(io.nodes.reader, known, path)
    if (cid === null) return new RunWhole(`'${path}' is not known as it was`)
    inputs.set(path, cid)
  }
  return inputs
}
