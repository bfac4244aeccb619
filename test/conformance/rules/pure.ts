import { murmur2, partitionFor } from '../../../streams/log/partitioner.ts'
import { timeWindows } from '../../../streams/index.ts'
import { overlaps } from '../../../streams/windows/overlaps.ts'
import { differs, type Murmur2Vector, type OverlapVector, type Rule, type TimeWindowsVector } from './format.ts'

export function murmur2Rule ({ label, keyHex, murmur2: hash, positive, partition = {} }: Murmur2Vector): Rule {
  return {
    id: `murmur2/${label === undefined || label === '' ? keyHex : label}`,
    run () {
      const key = Buffer.from(keyHex, 'hex')
      const actual = murmur2(key)
      return [
        ...hash === undefined ? [] : differs('murmur2', hash, actual),
        ...positive === undefined ? [] : differs('positive', positive, actual & 0x7fff_ffff),
        ...Object.entries(partition).flatMap(([count, expected]) => differs(`partition of ${count}`, expected, partitionFor(key, Number(count))))
      ]
    }
  }
}

export function timeWindowsRule ({ sizeMs, advanceMs = sizeMs, ts, windows, count, firstStart, lastStart }: TimeWindowsVector): Rule {
  return {
    id: `timeWindowsFor/${sizeMs}/${advanceMs}/${ts}`,
    run () {
      const actual = timeWindows({ sizeMs, advanceMs }).windowsFor(ts)
      return [
        ...windows === undefined ? [] : differs('windows', windows, actual.map(({ start, end }) => [start, end])),
        ...count === undefined ? [] : differs('count', count, actual.length),
        ...firstStart === undefined ? [] : differs('first start', firstStart, actual.at(0)?.start),
        ...lastStart === undefined ? [] : differs('last start', lastStart, actual.at(-1)?.start)
      ]
    }
  }
}

/** One rule per case. */
export function overlapRules ({ type: described, window: [start, end], cases }: OverlapVector): readonly Rule[] {
  const type = described.startsWith('session') ? 'session' : described.startsWith('unlimited') ? 'unlimited' : described.startsWith('time') ? 'time' : undefined
  return cases.map(({ other, overlaps: expected }, index) => ({
    id: `windowOverlap/${type ?? described}/${start}-${end}/${index}/${other.join('-')}`,
    run: () => type === undefined ? [`windows of type '${described}' are not known`] : differs('overlaps', expected, overlaps({ type, start, end }, { type, start: other[0], end: other[1] }))
  }))
}
