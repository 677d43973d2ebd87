// What links keep beside the files: for each a fence and the commit that the files were brought to.
//   {"links":{"shop":{"fence":3,"base":"5f2c…"}}}
import { VarveError } from '../../base/errors.ts'
import type { ApplyPlan, Checkpoint } from '../interface.ts'
import type { FilePlace, PlaceState } from './interface.ts'

type Links = ReadonlyMap<string, Checkpoint>

export async function readCheckpoint(place: FilePlace, link: string): Promise<Checkpoint | null> {
  return linksOf(place, await place.readState()).get(link) ?? null
}

export async function takeOver(place: FilePlace, link: string): Promise<Checkpoint> {
  for (;;) {
    const state = await place.readState()
    const links = linksOf(place, state)
    const { fence, base } = links.get(link) ?? { fence: 0, base: null }
    const next = { fence: fence + 1, base }
    if (await place.writeState(textOf(links, link, next), state)) return next
  }
}

/** @throws VarveError VARVE_NOT_POSSIBLE when another worker has taken over */
export async function checkFence(place: FilePlace, { link, fence }: ApplyPlan): Promise<void> {
  if ((await readCheckpoint(place, link))?.fence !== fence) throw overtaken(link)
}

/** @throws VarveError VARVE_NOT_POSSIBLE when another worker has taken over */
export async function writeBase(place: FilePlace, { link, fence, base }: ApplyPlan): Promise<void> {
  for (;;) {
    const state = await place.readState()
    const links = linksOf(place, state)
    if (links.get(link)?.fence !== fence) throw overtaken(link)
    if (await place.writeState(textOf(links, link, { fence, base }), state)) return
  }
}

function overtaken(link: string): VarveError {
  return new VarveError('VARVE_NOT_POSSIBLE', `another worker has taken over the link '${link}'`, {
    data: { link, passing: true },
    hint: 'let only one worker run, or run this one again',
  })
}

function textOf(links: Links, link: string, checkpoint: Checkpoint): string {
  return `${JSON.stringify({ links: Object.fromEntries(new Map([...links, [link, checkpoint]])) })}\n`
}

function linksOf({ location }: FilePlace, { text }: PlaceState): Links {
  const links = new Map<string, Checkpoint>()
  if (text === null) return links
  try {
    const found = JSON.parse(text) as { links: Record<string, Checkpoint> }
    for (const [link, { fence, base }] of Object.entries(found.links)) {
      if (!Number.isSafeInteger(fence) || (base !== null && typeof base !== 'string'))
        throw new TypeError(link)
      links.set(link, { fence, base })
    }
    return links
  } catch (cause) {
    throw new VarveError('VARVE_CORRUPT', `what links keep in '${location}' cannot be read`, {
      cause,
      hint: 'remove its hidden files .varve-sync…: the next round compares all rows',
    })
  }
}
