import type { Test } from 'tap';
import { createClient, type ClientOptions } from '../../src/kafka/client.js';
import type { Address, Client, KeyName } from '../../src/model/index.js';
import { Broker, type BrokerOptions } from '../support/broker.js';

export const keys: readonly KeyName[] = [0, 1].map((partition) => ({
  key: partition,
  topic: 'orders',
  partition,
  topicId: '',
}));

/** A broker with topic `orders` of two partitions; ends with the test. */
export async function broker(t: Test, options: BrokerOptions = {}): Promise<Broker> {
  const started = await new Broker({ topics: { orders: 2 }, ...options }).start();
  t.teardown(() => started.stop());
  return started;
}

/** A client of these brokers, by default with much time; ends with the test. */
export async function client(
  t: Test,
  bootstrap: readonly Address[],
  options: Partial<ClientOptions> = {},
): Promise<Client> {
  const made = await createClient({
    bootstrap,
    route: (address) => address,
    worker: 0,
    settings: {},
    keys: () => keys,
    requestTimeoutMs: 20_000,
    valueBytes: 32,
    pollBytes: 1 << 20,
    pollWaitMs: 0,
    clientId: 'test',
    ...options,
  });
  t.teardown(() => made.close());
  return made;
}
