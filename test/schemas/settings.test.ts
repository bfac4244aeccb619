import assert from 'node:assert/strict'
import test from 'node:test'
import { Check, Default } from 'typebox/value'
import { ApiSettings, RecommenderSettings } from '../../schemas/settings.ts'

test('every setting has a default that its own schema accepts, and says what it is for', () => {
  for (const schema of [RecommenderSettings, ApiSettings]) {
    assert.equal(Check(schema, Default(schema, {})), true)
    for (const property of Object.values(schema.properties)) assert.equal('description' in property, true)
  }
})
