import { expect, test } from 'vitest'
import { columnPlaces } from '../../src/table/column-places.ts'

test('names are found among columns in the order asked for, and a name that none has is -1', () => {
  const columns = [{ name: 'id' }, { name: 'name' }, { name: 'toString' }]
  expect(columnPlaces(columns, ['toString', 'id', 'Name', 'id'])).toEqual([2, 0, -1, 0])
  expect(columnPlaces(columns, ['constructor'])).toEqual([-1])
})
