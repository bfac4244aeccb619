import Type, { type Static } from 'typebox'
import { defineKeyed, defineProcessor, defineTopic, defineTopology, serdes } from '../../streams/index.ts'

export type Total = Static<typeof Total>
export const Total = Type.Object({ count: Type.Integer(), sum: Type.Integer() })

export const totals = defineKeyed({ name: 'totals', key: ['key'], value: Total })

const Amount = Type.Object({ key: Type.String(), amount: Type.Integer() })

const addToTotal = defineProcessor({
  name: 'add-to-total',
  input: Amount,
  stores: { totals },
  process ({ value: { key, amount } }, { stores }) {
    const { count, sum } = stores.totals.get({ key }) ?? { count: 0, sum: 0 }
    stores.totals.put({ key }, { count: count + 1, sum: sum + amount })
  }
})

/** Reads a key's total and writes the new one: the state is as large as there are keys. */
export const growth = defineTopology('growth', { settings: Type.Object({ TOPIC: Type.String({ minLength: 1, default: 'amounts' }) }) }, ({ stream, settings }) => {
  const amounts = defineTopic({ name: settings.TOPIC, key: serdes.string, value: serdes.json(Amount) })
  stream(amounts, { name: 'amounts' }).filter(value => value !== null, { name: 'with-amount' }).process(addToTotal)
})
