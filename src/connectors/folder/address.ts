// folder:///srv/drop?settle=5 : the whole path of a folder, and for how many seconds a file is to have been left alone
// before it is read.
import { fileURLToPath } from 'node:url'
import { VarveError } from '../../base/errors.ts'

const settleMsDefault = 1_000
const settleSecondsMax = 3_600

export interface FolderAddress {
  readonly folder: string
  readonly settleMs: number
}

/** @throws VarveError VARVE_USAGE */
export function folderAddress(url: string): FolderAddress {
  const [place = '', query = ''] = url.split('?', 2)
  const settle = new URLSearchParams(query)
  const strange = [...settle.keys()].find((name) => name !== 'settle')
  const seconds = settle.get('settle')
  const isNumber = seconds === null || /^[0-9]{1,4}(\.[0-9]{1,3})?$/.test(seconds)
  if (strange !== undefined || !isNumber || Number(seconds) > settleSecondsMax)
    throw misspelt(url, "behind the '?' there can be 'settle=SECONDS'")
  const settleMs = seconds === null ? settleMsDefault : Number(seconds) * 1000
  try {
    if (/^folder:(\/\/)?\/[^/]/.test(place) || place === 'folder:///')
      return { folder: fileURLToPath(place.replace(/^folder:(\/\/)?/, 'file://')), settleMs }
  } catch {
    // Said below.
  }
  throw misspelt(url, 'it has the whole path: folder:///srv/drop')
}

function misspelt(url: string, hint: string): VarveError {
  return new VarveError('VARVE_USAGE', `not the URL of a folder: '${url}'`, { data: { url }, hint })
}
