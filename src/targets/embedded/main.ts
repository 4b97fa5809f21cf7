/**
 * The program of one broker: `node broker.js '<BrokerConfig as JSON>' <data folder>`. Whoever
 * starts it as a managed process has a watcher that ends it if he dies.
 */
import type { BrokerConfig } from './broker/env.js';
import { createNode } from './broker/node.js';
import { realEnv } from './real-env.js';

const [json, dataDir] = process.argv.slice(2);
if (json === undefined || dataDir === undefined) {
  process.stderr.write('Expected a configuration as JSON and a data folder.\n');
  process.exit(1);
}
// A broker that goes on after a fault of its own, or of its disk, could ack what it does not have.
const end = (error: unknown): never => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  env.log(`ends after a fault: ${text}`);
  process.exit(1);
};
const env = realEnv({ dataDir, diskFault: end });
process.on('uncaughtException', end);

const node = await createNode(JSON.parse(json) as BrokerConfig, env);
process.once('SIGTERM', () => {
  node.close();
  env.close();
  env.log('stopped');
  process.exit(0);
});
