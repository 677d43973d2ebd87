// Dates of commits as `--date` has them: Git's words for Git's forms.
import { counted } from '../../base/size.ts'
import { dateText, isoText } from '../../base/time.ts'
import type { Signature } from '../../history/interface.ts'
import { usage } from '../arguments.ts'
import type { OptionSpecs } from '../interface.ts'
import { strftime } from './strftime.ts'

export type DateText = (signature: Pick<Signature, 'timeMs' | 'zoneMinutes'>) => string

/** The unit that fits, rounded as Git rounds. */
export const relativeText: DateText = ({ timeMs }) => {
  const seconds = Math.floor((Date.now() - timeMs) / 1000)
  if (seconds < 0) return 'in the future'
  if (seconds < 90) return ago(seconds, 'second')
  const minutes = Math.floor((seconds + 30) / 60)
  if (minutes < 90) return ago(minutes, 'minute')
  const hours = Math.floor((minutes + 30) / 60)
  if (hours < 36) return ago(hours, 'hour')
  const days = Math.floor((hours + 12) / 24)
  if (days < 14) return ago(days, 'day')
  if (days < 70) return ago(Math.floor((days + 3) / 7), 'week')
  if (days < 365) return ago(Math.floor((days + 15) / 30), 'month')
  if (days >= 5 * 365) return ago(Math.floor((days + 183) / 365), 'year')
  const months = Math.floor((days * 24 + 365) / 730)
  const years = counted(Math.floor(months / 12), 'year')
  return months % 12 === 0 ? `${years} ago` : `${years}, ${ago(months % 12, 'month')}`
}

function ago(count: number, unit: string): string {
  return `${counted(count, unit)} ago`
}

export const isoStrictText: DateText = (signature) =>
  isoText(signature).replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d)$/, '$1T$2$3:$4')

export const rfcText: DateText = (signature) =>
  dateText(signature).replace(/^(\w+) (\w+) (\d+) (\S+) (\d+) (\S+)$/, '$1, $3 $2 $5 $4 $6')

export const unixText: DateText = ({ timeMs }) => String(Math.floor(timeMs / 1000))

const styles: Readonly<Record<string, DateText>> = {
  default: dateText,
  iso: isoText,
  'iso-strict': isoStrictText,
  rfc: rfcText,
  relative: relativeText,
  short: (signature) => isoText(signature).slice(0, 10),
  unix: unixText,
}

export const dateOption: OptionSpecs = {
  date: {
    type: 'text',
    value: 'STYLE',
    about: `how dates are written: ${Object.keys(styles).join(', ')}, or format:TEXT as strftime has it ('format:%d.%m.%Y')`,
  },
}

/** @throws VarveError VARVE_USAGE */
export function dateStyle(name: string | undefined): DateText {
  if (name?.startsWith('format:') === true) return strftime(name.slice('format:'.length))
  const style = Object.hasOwn(styles, name ?? 'default') ? styles[name ?? 'default'] : undefined
  if (style !== undefined) return style
  throw usage(`'--date' is one of ${Object.keys(styles).join(', ')}, format:…, not '${name!}'`)
}
