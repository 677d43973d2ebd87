// Where columns are in a list of columns, by name. Keys are lists of names, and rows are lists of cells.

/**
 * The index of each name among `columns`, -1 for a name that none of them has. It makes a map of all columns: ask once
 * for a table, not for each row.
 */
export function columnPlaces(
  columns: readonly { readonly name: string }[],
  names: readonly string[],
): number[] {
  const places = new Map(columns.map(({ name }, place) => [name, place]))
  return names.map((name) => places.get(name) ?? -1)
}
