// The names that links may have: they are parts of refs and of files, and stand where 'varve sync' has words of its own.
const linkName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

/** What stands behind 'varve sync' where a link may. */
export const syncWords: readonly string[] = [
  'status',
  'conflicts',
  'rejected',
  'retry',
  'resolve',
  'pending',
  'approve',
  'discard',
]

export const linkNameHint: string = `letters, digits, - and _, 63 at most, and none of ${syncWords.join(', ')}`

export function isLinkName(name: string): boolean {
  return linkName.test(name) && !syncWords.includes(name)
}
