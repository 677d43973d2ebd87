// The one request of a push that updates refs on the remote. If it is stopped while under way, the remote may still
// have done it, so the error never says that it was not done.
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
      hint: 'it may have done so: run the same push again to find out; it sends nothing twice',
    })
  }
}
