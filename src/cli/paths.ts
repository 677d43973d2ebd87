// Paths as people type them, relative to where they stand, and as the repository knows them, relative to its root.
import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { commandWord } from '../base/command-word.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import { plainLength } from '../base/wildcard.ts'
import { splitParents } from '../history/revision-set.ts'
import type { Repository } from '../index.ts'
import { withoutTree } from '../repo/named-tree.ts'
import { type Arguments, usage } from './arguments.ts'

/** Git's marks of a path that begins at the repository's folder, from wherever the command runs. */
const fromTop = /^:(?:\/|\(top\))/

/** A typed path as a path from the root; '.' is the whole repository. */
export function toRepositoryPath(root: string | null, typed: string): string {
  // What an unset variable leaves must not stand for all files.
  if (typed === '') throw usage('a path is empty', "for all files write '.'")
  if (root === null) return typed
  const relative = path.relative(root, placeOf(root, typed))
  if (relative === '') return '.'
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) {
    throw outside(root, typed)
  }
  return relative.split(path.sep).join('/')
}

export function outside(root: string, typed: string): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${typed}' is outside the repository at '${root}'`, {
    data: { path: typed },
    hint: 'name files in that folder: only those are versioned there',
  })
}

/** A file whose name begins so is meant where there is one. */
function placeOf(root: string, typed: string): string {
  if (!fromTop.test(typed) || isThere(path.resolve(typed))) return path.resolve(typed)
  return path.resolve(root, `./${typed.replace(fromTop, '')}`)
}

function isThere(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false }) !== undefined
}

/** How a path of the repository is written from where the user stands; a folder ends with '/' if it did. */
export function fromRepositoryPath(root: string | null, known: string): string {
  if (root === null) return known
  const relative = path.relative(process.cwd(), path.join(root, known)).split(path.sep).join('/') || '.'
  return known.endsWith('/') ? `${relative}/` : relative
}

/** 'REV:PATH' names from the root, as Git does, and 'REV:./PATH' from where the user stands. */
export function pathInRevision(root: string | null, typed: string): string {
  return typed.startsWith('./') || typed.startsWith('../') || typed === '.'
    ? toRepositoryPath(root, typed)
    : typed
}

/** Whether the word is more than a path, a pattern or one with marks: it need not be there. */
export function isPathspec(typed: string): boolean {
  return typed.startsWith(':') || mayBePattern(typed)
}

export function mayBePattern(typed: string): boolean {
  return plainLength(typed) < typed.length
}

/** '-' as the branch before, for commands where it can mean nothing else. */
export function orPrevious(word: string): string {
  return word === '-' ? '@{-1}' : word
}

export interface RevisionsAndPaths {
  readonly revisions: readonly string[]
  /** As typed. */
  readonly paths: readonly string[]
}

/** As Git: before '--' a path must be there, or a mistyped revision would silently be a path without changes. */
export async function requirePaths(
  repository: Repository,
  { words, wordsBeforeDashes, literalPaths }: Arguments,
  paths: readonly string[],
): Promise<void> {
  if (repository.root === null || wordsBeforeDashes < words.length) return
  for (const typed of paths) {
    const place = literalPaths ? path.resolve(typed) : placeOf(repository.root, typed)
    if (isThere(place) || (!literalPaths && isPathspec(typed))) continue
    const fault = await revisionFault(repository, typed)
    if (fault === null)
      throw usage(
        `'${typed}' is a revision, but a path is needed here`,
        "revisions come first, two as 'A..B'",
      )
    // What is written like a revision was meant as one, and it is known what of it is not there.
    if (/\.\.|[~^]\d*$|@\{|^(HEAD|@)$/.test(typed)) throw fault
    const near = nearFile(place, typed) ?? (fault.data['near'] as string | undefined) ?? null
    const gone = `for a path that is gone, write '--' before it: '-- ${commandWord(typed)}'`
    throw new VarveError('VARVE_REF_NOT_FOUND', `'${typed}' is neither a revision nor a file that is there`, {
      data: { revision: typed },
      hint: near === null ? gone : `${didYouMean(near, '')} (${gone})`,
    })
  }
}

/** The file beside the place that is spelt almost so, as it would be typed. */
function nearFile(place: string, typed: string): string | null {
  try {
    const near = nearest(path.basename(place), readdirSync(path.dirname(place)))
    return near === null ? null : typed.slice(0, typed.lastIndexOf('/') + 1) + near
  } catch {
    return null
  }
}

/**
 * Sorts a command's words as Git does: after '--' all are paths; before it the first `max` that name a revision are
 * revisions, the rest are paths.
 */
export async function revisionsAndPaths(
  repository: Repository,
  { words, wordsBeforeDashes }: Arguments,
  max: number,
): Promise<RevisionsAndPaths> {
  const revisions: string[] = []
  let at = 0
  for (; at < wordsBeforeDashes && revisions.length < max; at += 1) {
    const word = words[at]!
    // With '--' in the command, what stands before it must be revisions; errors come from the command itself.
    if (wordsBeforeDashes === words.length && !(await isRevision(repository, word))) break
    revisions.push(word)
  }
  return { revisions, paths: words.slice(at) }
}

/** Whether the word is a revision, '^' before one, a range whose two sides are revisions, or 'REV^!' and the like. */
export async function isRevision(repository: Repository, word: string): Promise<boolean> {
  return (await revisionFault(repository, word)) === null
}

/** Why the word names no revision; null when it names one. */
async function revisionFault(repository: Repository, word: string): Promise<VarveError | null> {
  if (word.startsWith('^')) return revisionFault(repository, word.slice(1))
  const family = splitParents(word)
  if (family !== null) return revisionFault(repository, family.revision)
  const sides = /^(.*?)\.\.\.?(.*)$/s.exec(word)
  // '../x' is a path.
  if (sides !== null && (sides[1] === '' ? /^\.{2,3}[^./]/.test(word) : !word.startsWith('.'))) {
    const [, from, to] = sides
    const fault = from === '' ? null : await revisionFault(repository, from!)
    return fault !== null || to === '' ? fault : revisionFault(repository, to!)
  }
  try {
    await repository.commitInfo(withoutTree(word))
    return null
  } catch (error) {
    if (isVarveError(error, 'VARVE_REF_NOT_FOUND') || isVarveError(error, 'VARVE_USAGE')) return error
    throw error
  }
}
