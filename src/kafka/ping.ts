/** The smallest request that every Kafka listener answers: proof that bytes pass in both directions. */
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Ping } from '../model/index.js';

/**
 * ApiVersions v0 has no body, and is the one request that brokers, controllers and listeners with
 * SASL all answer before anything else. A fresh connection each time: an old one may have been
 * opened before the cut that the ping is to prove.
 */
const correlation = 0x5c415e;
const request = (() => {
  const client = Buffer.from('schism-ping');
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(18, 4);
  frame.writeInt16BE(0, 6);
  frame.writeInt32BE(correlation, 8);
  frame.writeInt16BE(client.length, 12);
  client.copy(frame, 14);
  return frame;
})();

/** Round trip in ms, the connect included. Rejects after `timeoutMs`, or when the peer hangs up. */
export const pingKafka: Ping = pingOver(undefined);

/** The same over TLS, if there are options for it. */
export function pingOver(tls: ConnectionOptions | undefined): Ping {
  return ({ host, port }, timeoutMs) =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const where = `${host}:${port}`;
      let answer = Buffer.alloc(0);
      const servername = isIP(host) ? {} : { servername: host };
      const socket = tls
        ? connectTls({ host, port, ...servername, ...tls })
        : connectTcp({ host, port, noDelay: true });
      const end = (error?: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        if (error) reject(error);
        else resolve(performance.now() - start);
      };
      const timer = setTimeout(() => {
        end(new Error(`${where} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      socket.once(tls ? 'secureConnect' : 'connect', () => socket.write(request));
      socket.on('data', (chunk) => {
        answer = Buffer.concat([answer, chunk]);
        if (answer.length < 8) return;
        // Something else than Kafka may listen on the port; its answer is no proof.
        const ours = answer.readInt32BE(4) === correlation;
        end(ours ? undefined : new Error(`${where} answered, but not in Kafka's protocol`));
      });
      socket.on('error', (error: Error) => end(error));
      socket.on('close', () => end(new Error(`${where} closed the connection without an answer`)));
    });
}
