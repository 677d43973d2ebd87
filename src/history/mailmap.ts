// .mailmap: under which name and address a person is shown who made commits under several. The rules are Git's: a line
// has the name and address to show, then those that commits have; addresses and names there match in any case.
import type { Person } from './interface.ts'

/** The name of the file, at the root of the dataset. */
export const mailmapFile = '.mailmap'

interface Shown {
  readonly name?: string
  readonly email?: string
}

interface OneAddress {
  /** For every name that this address has in commits. */
  shown: Shown
  /** For one such name, in small letters. */
  readonly byName: Map<string, Shown>
}

export class Mailmap {
  readonly #addresses: ReadonlyMap<string, OneAddress>

  private constructor(addresses: ReadonlyMap<string, OneAddress>) {
    this.#addresses = addresses
  }

  /** Lines that say nothing are passed over, as in Git. */
  static parse(text: string): Mailmap {
    const addresses = new Map<string, OneAddress>()
    for (const line of text.split('\n')) {
      const match = line.startsWith('#') ? null : /^([^<]*)<([^>]+)>(?:([^<]*)<([^>]*)>)?/.exec(line)
      if (match === null) continue
      const [, name, firstEmail, oldName = '', secondEmail] = match
      const key = small(secondEmail ?? firstEmail!)
      const address = addresses.get(key) ?? { shown: {}, byName: new Map<string, Shown>() }
      addresses.set(key, address)
      const shown: Shown = {
        ...(name!.trim() === '' ? {} : { name: name!.trim() }),
        ...(secondEmail === undefined ? {} : { email: firstEmail! }),
      }
      if (oldName.trim() === '') address.shown = { ...address.shown, ...shown }
      else address.byName.set(small(oldName.trim()), shown)
    }
    return new Mailmap(addresses)
  }

  /** The person under the name and address to show; all else (when, for a signature) stays. */
  of<P extends Person>(person: P): P {
    const address = this.#addresses.get(small(person.email))
    return address === undefined
      ? person
      : { ...person, ...(address.byName.get(small(person.name)) ?? address.shown) }
  }
}

function small(text: string): string {
  return text.toLowerCase()
}
