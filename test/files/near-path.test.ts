import { expect, test } from 'vitest'
import { nearPathAmong } from '../../src/files/near-path.ts'

test('a table of a database is found by its own name, and a file without its ending', () => {
  const names = ['My%20Table', 'people', 'sales.csv', 't%C3%A4xt']
  expect(nearPathAmong(names, 'shop/My Table')).toBe('shop/My%20Table')
  expect(nearPathAmong(names, 'täxt')).toBe('t%C3%A4xt')
  expect(nearPathAmong(names, 'sales')).toBe('sales.csv')
  expect(nearPathAmong(names, 'shop/poeple')).toBe('shop/people')
  expect(nearPathAmong(names, 'orders')).toBeNull()
})
