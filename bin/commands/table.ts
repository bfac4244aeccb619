/** Rows under headings, in columns; numbers to the right. */
export function table (headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = rows.map(row => row.map(cell => cell === null ? '-' : String(cell)))
  const widths = headings.map((heading, column) => Math.max(heading.length, ...cells.map(row => row[column]?.length ?? 0)))
  const isNumeric = headings.map((_, column) => rows.length > 0 && rows.every(row => typeof row[column] !== 'string'))
  const line = (row: readonly string[]): string => row.map((cell, column) => {
    const width = widths[column] ?? 0
    return isNumeric[column] === true ? cell.padStart(width) : cell.padEnd(width)
  }).join('  ').trimEnd() + '\n'
  return line(headings) + cells.map(line).join('')
}
