// The log entry of an undo: the message begins with the number of the operation that it took back, which the next undo
// goes on from. People are shown the rest.
import type { Manifest } from '../store/interface.ts'

type Operation = Manifest['operation']

const undoName = 'undo'

export function undoOperation(undone: Manifest): Pick<Operation, 'name' | 'message'> {
  const { name, message } = undone.operation
  return { name: undoName, message: `${undone.sequence} ${message === '' ? name : `${name}: ${message}`}` }
}

/** The number of the operation that this one took back; null when it is no undo. */
export function undoneSequence(operation: Operation): number | null {
  return operation.name === undoName ? Number.parseInt(operation.message, 10) : null
}

export function messageForPeople(operation: Operation): string {
  return operation.name === undoName ? operation.message.replace(/^\d+ /, '') : operation.message
}
