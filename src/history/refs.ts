// Names of refs. The rules are git-check-ref-format's, so that every name can also live on a Git host.
import { VarveError } from '../base/errors.ts'

export const branchPrefix = 'refs/heads/'
export const tagPrefix = 'refs/tags/'
export const remotePrefix = 'refs/remotes/'

const refBytesMax = 255
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[/.-]|[/.]$|\/\.|\.lock(\/|$)|^@$/

/** @throws VarveError VARVE_USAGE with the rule in its message */
export function checkRefName(name: string, kind: 'branch' | 'tag' | 'remote'): string {
  if (
    name === '' ||
    name.length > refBytesMax ||
    forbidden.test(name) ||
    name === 'HEAD' ||
    name.includes('\ufffd')
  ) {
    throw new VarveError('VARVE_USAGE', `'${name}' is not a valid ${kind} name`, {
      data: { name },
      hint: "use letters, digits, '-', '_' and '/'; no spaces, '..', '~', '^', ':', '?', '*', '[' or '\\'",
    })
  }
  return name
}

export function branchRef(name: string): string {
  return branchPrefix + checkRefName(name, 'branch')
}

export function tagRef(name: string): string {
  return tagPrefix + checkRefName(name, 'tag')
}

export function remoteRef(remote: string, branch: string): string {
  return `${remotePrefix}${checkRefName(remote, 'remote')}/${branch}`
}

/** 'refs/heads/main' -> 'main', 'refs/remotes/origin/main' -> 'origin/main'. */
export function shortRefName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|remotes)\//, '')
}
