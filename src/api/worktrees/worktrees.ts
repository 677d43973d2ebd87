// Several checkouts of one repository, each a folder with files, a branch and an index of its own: what
// `Repository.worktrees` gives. They share history, refs, stashes, settings and remotes.
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { shortRefName } from '../../history/refs.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Repo } from '../../repo/interface.ts'
import { folderOf } from '../../repo/worktrees/checkout-store.ts'
import {
  type Checkout,
  linkedCheckouts,
  mainCheckout,
  settingOf,
  withoutCheckout,
} from '../../repo/worktrees/checkouts.ts'
import type { Manifest } from '../../store/interface.ts'
import { idOf } from '../info.ts'
import type { OpenOptions } from '../interface.ts'
import type { WorktreeAddOptions, WorktreeInfo } from './interface.ts'
import { type CheckoutLink, linkFolder, tryReadLink, writeLink } from './link-file.ts'

export interface WorktreesPlace {
  readonly repo: Repo
  /** The checkout that asks; null: the main one. */
  readonly checkout: string | null
  readonly isBare: boolean
  readonly options: OpenOptions
}

export class Worktrees {
  readonly #place: WorktreesPlace

  constructor(place: WorktreesPlace) {
    this.#place = place
  }

  /** All of them, the main one first. */
  async list(): Promise<readonly WorktreeInfo[]> {
    const { repo } = this.#place
    const manifest = await repo.store.manifest()
    return [mainCheckout(manifest), ...linkedCheckouts(manifest)].map((one) => this.#infoOf(one, manifest))
  }

  /**
   * Makes the folder a checkout of its own, with a branch that no other one has. @throws VarveError
   * VARVE_NOT_POSSIBLE where the folder is not empty, or the branch is checked out elsewhere
   */
  async add(folder: string, options: WorktreeAddOptions = {}): Promise<WorktreeInfo> {
    const { addCheckout } = await import('./add.ts')
    const name = await addCheckout(this.#place, path.resolve(folder), options)
    return (await this.list()).find((one) => one.name === name)!
  }

  /**
   * Deletes a checkout: its folder and its entry. Its branch stays. @throws VarveError VARVE_UNCOMMITTED where files
   * would be lost, VARVE_NOT_POSSIBLE where it is locked, unless `force`
   */
  async remove(worktree: string, options: { force?: boolean } = {}): Promise<WorktreeInfo> {
    const found = await this.#linked(worktree)
    if (found.current) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${found.path}' is the checkout that you are in`, {
        hint: 'remove it from another one',
      })
    }
    if (options.force !== true) refuseLocked(found, 'remove')
    const inside = (await this.list()).find((other) => other.path.startsWith(found.path + path.sep))
    if (inside !== undefined) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `another checkout lies inside: '${inside.path}'`, {
        hint: 'move or remove that one first',
      })
    }
    if (found.prunable === null) {
      const { removeFiles } = await import('./remove.ts')
      await removeFiles(this.#place, found, { force: options.force === true })
    }
    await this.#forget(found.name, 'remove')
    if (found.prunable === null) fs.rmSync(found.path, { recursive: true, force: true })
    return found
  }

  /** Keeps a checkout from `prune`, `move` and `remove`: its folder may be on a disk that is not always there. */
  async lock(worktree: string, reason = ''): Promise<WorktreeInfo> {
    const found = await this.#linked(worktree)
    refuseLocked(found, 'lock')
    await this.#set(found.name, 'locked', reason === '' ? 'locked' : reason)
    return (await this.#linked(found.name))!
  }

  async unlock(worktree: string): Promise<WorktreeInfo> {
    const found = await this.#linked(worktree)
    if (found.locked === null)
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${found.path}' is not locked`, {
        hint: "see 'varve worktree list'",
      })
    await this.#set(found.name, 'locked', null)
    return this.#linked(found.name)
  }

  /** Renames a checkout's folder, or moves it into the folder `to`. */
  async move(worktree: string, to: string): Promise<WorktreeInfo> {
    const found = await this.#linked(worktree)
    refuseLocked(found, 'move')
    if (found.prunable !== null) throw isGone(found)
    const isFolder = fs.statSync(to, { throwIfNoEntry: false })?.isDirectory() === true
    const target = path.resolve(isFolder ? path.join(to, path.basename(found.path)) : to)
    if (fs.existsSync(target))
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${target}' exists already`, {
        hint: 'name another folder',
      })
    const { renameFolder } = await import('./remove.ts')
    renameFolder(found.path, target)
    await this.#set(found.name, 'path', fs.realpathSync(target))
    return this.#linked(found.name)
  }

  /** Takes away the entries of checkouts whose folders are gone, unless they are locked. */
  async prune(options: { dryRun?: boolean } = {}): Promise<readonly WorktreeInfo[]> {
    const gone = (await this.list()).filter(({ prunable, locked }) => prunable !== null && locked === null)
    if (options.dryRun !== true) for (const { name } of gone) await this.#forget(name!, 'prune')
    return gone
  }

  /** After a folder, or the repository itself, was moved by other means: lets the checkout and its entry name each other again. */
  async repair(folder: string): Promise<WorktreeInfo> {
    const root = fs.existsSync(folder) ? fs.realpathSync(folder) : path.resolve(folder)
    const all = await this.list()
    const link = tryReadLink(linkFolder(root))
    const known = all.find((one) => one.name !== null && (one.path === root || one.name === link?.name))
    if (!fs.existsSync(linkFolder(root)) || known === undefined || known.current)
      throw noWorktree(folder, all)
    if (known.path !== root && known.prunable === null) {
      throw new VarveError('VARVE_NOT_POSSIBLE', `the checkout '${known.name!}' is at '${known.path}'`, {
        data: { path: root, known: known.path },
        hint: `'${root}' is a copy of it: make a checkout of its own with 'varve worktree add'`,
      })
    }
    await writeLink(linkFolder(root), this.#linkTo(known.name!))
    if (known.path !== root) await this.#set(known.name!, 'path', root)
    return this.#linked(known.name!)
  }

  #linkTo(name: string): CheckoutLink {
    return { store: fs.realpathSync(this.#place.repo.store.location), name }
  }

  /** By its folder or its name. */
  async #linked(worktree: string): Promise<WorktreeInfo & { readonly name: string }> {
    const all = await this.list()
    const folder = fs.existsSync(worktree) ? fs.realpathSync(worktree) : path.resolve(worktree)
    const found = all.find((one) => one.path === folder) ?? all.find(({ name }) => name === worktree)
    if (found === undefined) throw noWorktree(worktree, all)
    if (found.name === null)
      throw new VarveError('VARVE_NOT_POSSIBLE', `'${found.path}' is the main checkout`, {
        hint: 'the repository itself is in it',
      })
    return { ...found, name: found.name }
  }

  async #set(name: string, key: 'path' | 'locked', value: string | null): Promise<void> {
    await this.#place.repo.store.update((manifest) => ({
      config: new Map([[settingOf(name, key), value]]),
      operation: { name: 'worktree', message: `${key} of ${name}`, author: this.#operator(manifest) },
    }))
  }

  async #forget(name: string, verb: string): Promise<void> {
    await this.#place.repo.store.update((manifest) => ({
      ...withoutCheckout(manifest, name),
      operation: { name: 'worktree', message: `${verb} ${name}`, author: this.#operator(manifest) },
    }))
  }

  #operator(manifest: Manifest): string {
    return operatorOf(this.#place.repo, manifest)
  }

  #infoOf(checkout: Checkout, manifest: Manifest): WorktreeInfo {
    const { repo, checkout: mine, isBare } = this.#place
    const { name, head, refs, locked } = checkout
    const commit = (head === null ? refs.get('HEAD') : manifest.refs.get(head)) ?? null
    const folder = folderOf(checkout, repo.store.location)
    return {
      name,
      path: folder,
      branch: head === null ? null : shortRefName(head),
      head: idOf(commit),
      current: name === mine,
      bare: name === null && isBare,
      locked,
      prunable: name === null ? null : this.#whyGone(name, folder),
    }
  }

  #whyGone(name: string, folder: string): string | null {
    if (!fs.existsSync(folder)) return 'its folder is gone'
    const link = tryReadLink(linkFolder(folder))
    const { store } = this.#linkTo(name)
    return link?.name === name && link.store === store ? null : 'its folder is no checkout of this repository'
  }
}

function refuseLocked({ path: folder, locked }: WorktreeInfo, verb: string): void {
  if (locked === null) return
  const hint =
    verb === 'remove' ? "'varve worktree unlock' first, or --force" : "'varve worktree unlock' first"
  throw new VarveError('VARVE_NOT_POSSIBLE', `cannot ${verb} '${folder}': it is locked (${locked})`, { hint })
}

function isGone({ path: folder, prunable }: WorktreeInfo): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `'${folder}' cannot be moved: ${prunable!}`, {
    hint: `if it was moved already, run 'varve worktree repair PATH' with where it is`,
  })
}

function noWorktree(worktree: string, all: readonly WorktreeInfo[]): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `'${worktree}' is no checkout of this repository`, {
    data: { path: worktree, known: all.map((one) => one.path) },
    hint: "see 'varve worktree list'",
  })
}
