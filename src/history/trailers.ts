// The trailers of a message, as `git shortlog` finds them: lines 'Key: value' of its last paragraph, which may be its only
// one. Other lines may stand among them where one of Git's own does, and at least a quarter are trailers.

const generated = /^(Signed-off-by: |\(cherry picked from commit )/
const trailer = /^([A-Za-z0-9-]+)[ \t]*:(.*)$/

/** The values of the trailers called `key`, in any case. */
export function trailersOf(message: string, key: string): string[] {
  const values: string[] = []
  let isWanted = false
  for (const line of trailerLines(message)) {
    if (/^\s/.test(line)) {
      if (isWanted) values.push(`${values.pop()!} ${line.trim()}`)
      continue
    }
    const match = trailer.exec(line)
    isWanted = match !== null && match[1]!.toLowerCase() === key.toLowerCase()
    if (isWanted) values.push(match![2]!.trim())
  }
  return values
}

function trailerLines(message: string): string[] {
  const paragraphs = message.trimEnd().split(/\n(?:[ \t]*\n)+/)
  const lines = paragraphs.at(-1)!.split('\n')
  let [trailers, others, isTrailer, hasGenerated] = [0, 0, false, false]
  for (const line of lines) {
    const continues = /^\s/.test(line)
    if (!continues) {
      isTrailer = generated.test(line) || trailer.test(line)
      hasGenerated ||= generated.test(line)
    }
    if (isTrailer) trailers += continues ? 0 : 1
    else others++
  }
  const areTrailers = hasGenerated ? trailers * 3 >= others : trailers > 0 && others === 0
  return areTrailers ? lines : []
}
