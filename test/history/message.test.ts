// The subject and the body of a message, as Git tells them apart.
import { expect, test } from 'vitest'
import { bodyOf, subjectOf } from '../../src/history/message.ts'

test.each([
  ['', '', ''],
  ['one', 'one', ''],
  ['one\n', 'one', ''],
  ['one\ntwo  \n\nbody\n\nmore\n', 'one two', 'body\n\nmore\n'],
  ['\n \none\n \n\n  body', 'one', '  body'],
  ['one\r\ntwo\r\n\r\nbody\r\n', 'one two', 'body\r\n'],
])('%j', (message, subject, body) => {
  expect([subjectOf(message), bodyOf(message)]).toEqual([subject, body])
})
