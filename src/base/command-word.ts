// A name in a command that a hint proposes. People paste such commands into a shell, which must not take the name apart.

/**
 * A path, never taken for an option: './' goes before a '-'. In double quotes where a shell would see more than a word, for
 * hints stand in single ones: `'varve log "b c.csv"'`.
 */
export function commandWord(name: string): string {
  const path = name.startsWith('-') ? `./${name}` : name
  return /^[\p{L}\p{N}_./][\p{L}\p{N}_./:@%+=,-]*$/u.test(path)
    ? path
    : `"${path.replace(/["\\$`]/g, '\\$&')}"`
}
