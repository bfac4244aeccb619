import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash128 } from '../../streams/murmur3.ts'

/** By Kafka's own class, of 0, 1, 2… bytes, so that every length of the tail is met behind none, one and two whole blocks. */
const hashesByLength = [
  '9d2764a018e329428c3cf3b035938518',
  'bff2166f25d4e3caad76f90042c32eb7',
  'bcd4482b54b21ae4ff522487ce044fc6',
  'b02c9dcb0b188cb7261d276514956649',
  '846a0800ef7c20fecd9d9b8b3a3e1bbb',
  '70bec6468243fd7e05fcff0ec098b7ba',
  'd07ca34fbc869666c96bfa2a5c3ad0ef',
  'e2c12aaa37615c8d78e8fff449acd2e3',
  '5376fe5d8752a4802bcfb922970c534c',
  'b79cc91e67eb164f7285936d18b5c4c8',
  'de352a4f8e87c3764d4a442db54088a9',
  '4d82494a5c77598091fd208eec8c5b93',
  '77cb9c85e6102be497b3ef548224d05b',
  '1f4e6d1678476ed3139e312733e0df5d',
  '612723854c356186f2210c027b0a1791',
  '8541440932df88a8133781906f758397',
  '3b1ca826ba2a8ab100ff368af7e15570',
  '14606ec89b0c68c720e38f08a941bbdf',
  'b602d971cb17a71240b4714c0d608072',
  '95a7cefeee07d56ffc99b8ff393aea45',
  'd1edbae61cf3d1a88d1e91e92be620f4',
  '32dbaa56760edb480f55b2782535eb3e',
  '730fd20eafc84f32cfc80de2ef2a8d20',
  '8f24f202db3598176ec9ced33f9a02ba',
  '51113554edd27de75501bcf9acda8270',
  '9b832d0cc79d389c4ed36db4f9127cc2',
  '4039fd207345c604e6de7fa335127cff',
  'f2d897320ea3bb90de6c6dc0278e6527',
  '31aeeb62a490b5205f260cae772f11f0',
  '6e657d888da1806fd77ac10e6bee4ef9',
  'c9aa97f2c0c5d89366fc5685bb4208ad',
  '0fc8bff6b4d635a2db8b6c0ce90a3cd8',
  '271fc7adca25c66d69f499a2c53fd088',
  'c811ac0257c06b43de4815d1c281354e',
  'ae1a03a2cdc75e566b70beec42c35d6f',
  '81d1f2987095eb94b81c2ba03337bd38',
  '40d8aaceea0a452075af4ea4024fd965',
  '4fcc60c7ff065fb792f402af9dbc43e7',
  '541d67e368c14e1559cf3caef8625025',
  'cf8bfb63e79d94ec6069ddd86bb92a7c',
  'd4f6fce6a5fe8f2ffa444778553710c8'
]

for (const [length, hash] of hashesByLength.entries()) {
  test(`the hash of ${length} bytes is that of Kafka Streams`, () => {
    const data = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + 200) % 256))

    assert.equal(hash128(data).toString('hex'), hash)
  })
}

test('the hash of text is that of Kafka Streams', () => {
  const hashes = {
    foobar: 'e545263cde70bba21e8c9e2fc5c7ed4e',
    'a-little-bit-long-string': '4b2f885efbb06dae2bacf689b9712e90',
    'Größe ✓': 'd168bd6b00fb8c74903e5342bd197e6d',
    '{"id":1,"name":"left"}': 'b3c17629d4f54d18e4085ae2b48eeb4b'
  }

  for (const [text, hash] of Object.entries(hashes)) assert.equal(hash128(Buffer.from(text)).toString('hex'), hash, text)
  assert.equal(hash128(Buffer.alloc(100, 0xff)).toString('hex'), '474741ac3abb37c44b06cc1cb818e5ef')
})
