// The one request of a push that moves refs elsewhere. Stopped while it is under way, it may be done all the same: nobody is
// told that it was not.
import { VarveError, isVarveError, throwIfAborted } from '../base/errors.ts'

export async function whileMoving<T>(
  { location, signal }: { readonly location: string; readonly signal: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(signal)
  try {
    return await work()
  } catch (cause) {
    if (!isVarveError(cause, 'VARVE_ABORTED')) throw cause
    throw new VarveError('VARVE_ABORTED', `stopped while '${location}' was about to move its branches`, {
      data: { location },
      cause,
      hint: 'it may have done so: the same push again tells, and sends nothing twice',
    })
  }
}
