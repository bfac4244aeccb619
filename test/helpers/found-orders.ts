import { defineTopic, defineTopology, serdes, topicPattern } from '../../streams/index.ts'

/** A topology of its own file, as `run` takes it: all orders in one topic. */
export const foundOrders = defineTopology('found-orders', ({ stream }) => {
  stream(topicPattern({ matching: /orders-.*/, value: serdes.string }), { name: 'orders' }).filter(order => order !== null, { name: 'placed' })
    .to(defineTopic({ name: 'all-orders', value: serdes.string }), { name: 'all' })
})
