// An endpoint's URL is committed and shown: a password in it would be in the history for good.
import { VarveError } from '../base/errors.ts'

/** @throws VarveError VARVE_REFUSED */
export function refusePassword(url: string): void {
  if (!/^[a-z+]+:\/\/[^/?#]*:[^/?#@]*@/i.test(url) && !/[?&]password=/i.test(url)) return
  throw new VarveError('VARVE_REFUSED', "an endpoint's URL must not hold a password", {
    hint: 'the URL is committed and shown; give the password in the environment: docs/LINKS.md says under which name',
  })
}
