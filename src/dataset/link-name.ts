// The names that links may have: they are parts of refs and of files.
const linkName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

export function isLinkName(name: string): boolean {
  return linkName.test(name)
}
