// Says that somebody is waited for, before whoever runs it takes it for stuck.

/** An answer that has not come yet. */
export interface Wait {
  /** Who is asked; without secrets. */
  readonly location: string
  /** How long it is waited for at most, from the beginning; null where nobody knows. */
  readonly msMax: number | null
}

export type OnWait = (wait: Wait) => void

const quietMs = 2_000

/** What `work` gives; tells of it when that takes longer than two seconds, unless it has said that it was answered. */
export async function tellingWait<T>(
  work: (answered: () => void) => Promise<T>,
  wait: Wait,
  onWait: OnWait | undefined,
): Promise<T> {
  if (onWait === undefined) return work(() => undefined)
  const timer = setTimeout(() => onWait(wait), quietMs)
  try {
    return await work(() => clearTimeout(timer))
  } finally {
    clearTimeout(timer)
  }
}
