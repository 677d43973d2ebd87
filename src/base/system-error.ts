// What the operating system says, in words: its codes (ENOENT, EACCES) are for programmers. One table, so that the same
// fault reads the same wherever it strikes, and says what to do next.
import { type ErrorCode, VarveError } from './errors.ts'

interface Said {
  readonly words: string
  readonly hint?: string
  readonly code?: ErrorCode
}

const permissions = 'look at the permissions of it and of the folders above it, and at who you are'
const freeSpace = 'free some space and run the command again'
const fewerFiles = "close what else holds files open, or raise the limit: 'ulimit -n 4096'"

const said: Readonly<Record<string, Said>> = {
  EACCES: { words: 'permission denied', hint: permissions },
  EPERM: { words: 'operation not permitted', hint: permissions },
  ENOENT: { words: 'no such file or folder' },
  ENOTDIR: { words: 'there is a file where a folder is needed' },
  EISDIR: { words: 'it is a folder', hint: 'name a file' },
  EEXIST: { words: 'it is there already' },
  ENOTEMPTY: { words: 'the folder is not empty' },
  EBUSY: { words: 'it is in use', hint: 'end what uses it, and run the command again' },
  ETXTBSY: { words: 'it is a program that runs' },
  EROFS: { words: 'the file system is read-only', hint: 'work in a folder that can be written to' },
  EIO: {
    words: 'input/output error',
    hint: "the disk may be failing: copy what is there to another one, then run 'varve fsck'",
  },
  EMFILE: { words: 'too many open files', hint: fewerFiles },
  ENFILE: { words: 'too many open files in the whole system', hint: fewerFiles },
  ENAMETOOLONG: { words: 'the name is too long', hint: 'choose a shorter one' },
  ELOOP: { words: 'symbolic links lead in a circle' },
  EXDEV: { words: 'it would cross from one file system to another' },
  EFBIG: { words: 'the file would be larger than is allowed' },
  ESTALE: {
    words: 'the network share has lost it',
    hint: 'run the command again, for another machine may have replaced it; if it stays so, mount the share again',
  },
  EADDRINUSE: { words: 'another program listens there' },
  EADDRNOTAVAIL: { words: 'this machine has no such address' },
  ENOTFOUND: { words: 'no such host' },
  ENOSPC: { words: 'no space left on the device', hint: freeSpace, code: 'VARVE_DISK_FULL' },
  EDQUOT: { words: 'the disk quota is used up', hint: freeSpace, code: 'VARVE_DISK_FULL' },
}

/**
 * `doing` is the fault's first half ("cannot read 'x'"); the system's word follows.
 * Null for what is no error of the operating system.
 */
export function systemFailure(
  error: unknown,
  doing: string,
  path?: string,
  nextStep?: string,
): VarveError | null {
  if (!(error instanceof Error)) return null
  const { code: errno } = error as { code?: unknown }
  if (typeof errno !== 'string' || !/^E[A-Z0-9]+$/.test(errno)) return null
  const known = said[errno] ?? { words: wordsOf(error.message) }
  const hint = nextStep ?? known.hint
  return new VarveError(known.code ?? 'VARVE_IO', `${doing}: ${known.words}`, {
    data: { ...(path === undefined ? {} : { path }), errno },
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  })
}

/** Why a file that the user named cannot be read. `doing` is the fault's first half: "cannot read 'x'". */
export function readFailure(
  cause: unknown,
  doing: string,
  options: { readonly path?: string; readonly hint?: string } = {},
): VarveError {
  const { path, hint } = options
  const known = systemFailure(cause, doing, path, hint)
  if (known !== null) return known
  return new VarveError('VARVE_IO', `${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, {
    data: path === undefined ? {} : { path },
    ...(hint === undefined ? {} : { hint }),
    cause,
  })
}

/** Why a server cannot listen where it was told to. */
export function listenFailure(error: Error, host: string, port: number, nextStep: string): VarveError {
  const doing = `cannot listen on ${host.includes(':') ? `[${host}]` : host}:${port}`
  const data = { host, port }
  const known = systemFailure(error, doing, undefined, nextStep)
  return new VarveError('VARVE_IO', known?.message ?? `${doing}: ${error.message}`, {
    data: { ...known?.data, ...data },
    hint: nextStep,
    cause: error,
  })
}

/** The words within a message of Node's, such as 'ENODEV: no such device, open ...'. */
function wordsOf(message: string): string {
  return /^E[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message
}

const verbs: Readonly<Record<string, string>> = {
  open: 'open',
  read: 'read',
  write: 'write',
  stat: 'look at',
  lstat: 'look at',
  fstat: 'look at',
  scandir: 'read the folder',
  opendir: 'read the folder',
  mkdir: 'make the folder',
  rmdir: 'remove the folder',
  unlink: 'remove',
  rename: 'rename',
  link: 'link',
  symlink: 'link',
  fsync: 'flush',
  chdir: 'change to',
}

/** An error of node:fs that nobody gave a place to: from what it says of itself. Null for others. */
export function bareSystemFailure(error: unknown): VarveError | null {
  if (!(error instanceof Error)) return null
  const { syscall, path, dest } = error as { syscall?: string; path?: unknown; dest?: unknown }
  const places = [path, dest].filter((place) => typeof place === 'string')
  const verb = verbs[syscall ?? ''] ?? syscall ?? 'go on'
  const where = places.length === 0 ? '' : ` ${places.map((place) => `'${place}'`).join(' to ')}`
  return systemFailure(error, `cannot ${verb}${where}`, places[0])
}
