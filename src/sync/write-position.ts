// Whether an endpoint has gone back to an earlier state: what it has written ends before the place that it had reached
// when it was read. The place is kept in the settings, together with what was read; once the endpoint was found behind
// it, that is kept until somebody has approved or discarded it, however far the endpoint gets meanwhile.
import type { Connector } from '../connectors/interface.ts'
import type { Manifest } from '../store/interface.ts'
import { positionKey } from './state.ts'

const behind = 'behind '

export interface KeptPosition {
  /** Null when the endpoint tells nothing. */
  readonly setting: string | null
  /** Whether to store it even if nothing else is. */
  readonly isDue: boolean
}

export class WritePosition {
  /** The place that was kept; null when there is none. */
  readonly #kept: string | null
  readonly #now: bigint | null
  #hasGoneBack = false

  private constructor(kept: string | null, now: bigint | null) {
    this.#kept = kept
    this.#now = now
  }

  /** `isSame`: whether the endpoint is the one that the place was kept of. */
  static async read(
    connector: Connector,
    manifest: Manifest,
    { link, isSame }: { readonly link: string; readonly isSame: boolean },
  ): Promise<WritePosition> {
    const text = manifest.config.get(positionKey(link)) ?? ''
    const kept = isSame && /^(behind )?\d{1,20}$/.test(text) ? text : null
    return new WritePosition(kept, (await connector.writePosition?.()) ?? null)
  }

  /** Notes that its rows show what no place does: it has gone back. */
  goBack(): void {
    this.#hasGoneBack = true
  }

  /** Whether the endpoint has gone back to an earlier state. */
  get isBehind(): boolean {
    if (this.#hasGoneBack) return true
    if (this.#kept === null) return false
    if (this.#kept.startsWith(behind)) return true
    return this.#now !== null && this.#now < BigInt(this.#kept)
  }

  /** Names this going back among others of the link. */
  get name(): string {
    return this.#kept?.replace(behind, '') ?? '0'
  }

  /** `isSettled`: the endpoint is taken as it is now. */
  toKeep(isSettled: boolean): KeptPosition {
    const setting = this.isBehind && !isSettled ? behind + this.name : (this.#now?.toString() ?? null)
    return { setting, isDue: this.isBehind && setting !== this.#kept }
  }
}
