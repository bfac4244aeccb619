import { UnsupportedError, type Scalar } from './format.ts'

/** The functions that scenarios name, as the tests of Kafka Streams have them. Java writes a null into text as `null`. */

type Joiner = (left: Scalar, right: Scalar) => Scalar

const joiners: Readonly<Record<string, Joiner>> = {
  plus: (left, right) => `${left}+${right}`,
  dash: (left, right) => `${left}-${right}`,
  percent: (left, right) => `${left}%${right}`,
  paren: (left, right) => `(${left},${right})`
}

const adders: Readonly<Record<string, Joiner>> = {
  plus: (aggregate, value) => `${aggregate}+${value}`,
  append: (aggregate, value) => `${aggregate}${value}`,
  sumInt: (aggregate, value) => Number(aggregate) + Number(value)
}

const removers: Readonly<Record<string, Joiner>> = {
  minus: (aggregate, value) => `${aggregate}-${value}`,
  eraseValue: (aggregate, value) => String(aggregate).replace(String(value), () => ''),
  subtractInt: (aggregate, value) => Number(aggregate) - Number(value)
}

const foreignKeys: Readonly<Record<string, (value: Scalar) => Scalar>> = {
  value: value => value,
  afterPipe: value => String(value).split('|')[1] ?? null,
  afterPipeNullOnReturnNull (value) {
    const key = String(value).split('|')[1] ?? null
    return key === 'returnNull' ? null : key
  },
  alwaysNull: () => null
}

const tableGroups: Readonly<Record<string, (value: Scalar, key: Scalar) => readonly [Scalar, Scalar] | null>> = {
  identity: (value, key) => [key, value],
  swap: (value, key) => [value, key],
  valueAsKey: value => [value, value],
  valueAsKeyExceptNullWords (_value, key) {
    switch (key) {
      case 'null': return [null, _value]
      case 'NULL': return null
      default: return [_value, _value]
    }
  },
  keyToFirstCharValueToSecondChar: (_value, key) => [String(key).charAt(0), String(key).charAt(1)],
  numberRegion: (value, key) => [value, String(key).length]
}

const keyMappers: Readonly<Record<string, (value: Scalar) => Scalar>> = {
  valueBeforeComma: value => String(value).split(',')[1] ?? null
}

export const joinerOf = named('joiner', joiners, 'plus')
export const adderOf = named('adder', adders, 'plus')
export const removerOf = named('remover', removers, 'minus')
export const mergerOf = named('merger', { plus: adders['plus'] } as Readonly<Record<string, Joiner>>, 'plus')
export const foreignKeyOf = named('fk', foreignKeys)
export const tableGroupOf = named('fn', tableGroups)
export const keyMapperOf = named('keyMapper', keyMappers)

function named<F> (kind: string, functions: Readonly<Record<string, F>>, byDefault?: string): (name: string | undefined) => F {
  return (name = byDefault) => {
    const found = name === undefined ? undefined : functions[name]
    if (found === undefined) throw new UnsupportedError(`${kind} '${name}' is not known; known are ${Object.keys(functions).join(', ')}`)
    return found
  }
}
