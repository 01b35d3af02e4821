import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerSigns } from '../../src/ingest/broker-signs.js';

test('a broker is there while its connection is up and bytes come', () => {
  const signs = new BrokerSigns();
  assert.equal(signs.connected, false);
  signs.answered();
  assert.equal(signs.connected, true);
  signs.apply({ received: 100, up: true });
  assert.equal(signs.connected, true);
  signs.apply({ received: 100, up: true });
  assert.equal(signs.connected, false, 'a connection of which nothing comes is none');
  signs.apply({ received: 200, up: true });
  assert.equal(signs.connected, true);
  signs.apply({ received: 300, up: false });
  assert.equal(signs.connected, false);
});
