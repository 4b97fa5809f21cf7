/** Toxiproxy's HTTP API: every call is bounded in time. */
import { messageOf } from '../../model/index.js';
import type { Address, LinkSpec } from '../../model/index.js';
import type { LinkState, StreamState } from '../state.js';

/** A call that Toxiproxy refused (`status`), or did not answer at all (no status). */
export class ApiError extends Error {
  readonly status: number | undefined;
  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface ProxySpec {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
}
interface Toxic {
  name: string;
  attributes: Record<string, number>;
}
export interface ProxyInfo extends ProxySpec {
  toxics: Toxic[];
}

export const text = ({ host, port }: Address): string => `${host}:${port}`;

export const proxySpec = (name: string, spec: LinkSpec, enabled: boolean): ProxySpec => ({
  name,
  listen: text(spec.listen),
  upstream: text(spec.upstream),
  enabled,
});

const callMs = 2000;

export class ToxiproxyApi {
  readonly url: string;
  constructor(url: string) {
    this.url = url.replace(/\/+$/, '');
  }

  /** @throws ApiError */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    let status: number;
    let answer: string;
    try {
      const response = await fetch(this.url + path, {
        method,
        signal: AbortSignal.timeout(callMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      status = response.status;
      answer = await response.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      const why =
        error instanceof Error && error.name === 'TimeoutError'
          ? `gave no answer in ${callMs / 1000} s`
          : `cannot be reached (${messageOf(cause)})`;
      throw new ApiError(`Toxiproxy at ${this.url} ${why}`, undefined, { cause: error });
    }
    const data = parse(answer);
    if (status < 300) return data;
    const said =
      typeof data === 'object' && data !== null && 'error' in data ? String(data.error) : answer;
    throw new ApiError(`Toxiproxy at ${this.url} answered ${status}: ${said.trim()}`, status);
  }

  /** Its version; undefined if what answers is not Toxiproxy. Rejects if nothing answers. */
  async version(): Promise<string | undefined> {
    try {
      const data = await this.call('GET', '/version');
      // Versions before 2.6 answer with the bare number.
      if (typeof data === 'string' && /^\d+\.\d+/.test(data)) return data.trim();
      return (data as { version?: string } | null)?.version;
    } catch (error) {
      if (error instanceof ApiError && error.status !== undefined) return undefined;
      throw error;
    }
  }

  async populate(proxies: readonly ProxySpec[]): Promise<void> {
    await this.call('POST', '/populate', proxies);
  }

  /** Removes a proxy; it is no error if there is none. */
  async remove(name: string): Promise<void> {
    try {
      await this.call('DELETE', `/proxies/${name}`);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  /** Brings a proxy into a state, whatever state it is in, and changes no more than differs. */
  async bring(name: string, state: LinkState): Promise<void> {
    const proxy = (await this.call('GET', `/proxies/${name}`)) as ProxyInfo;
    const path = `/proxies/${name}/toxics`;
    for (const stream of ['upstream', 'downstream'] as const)
      for (const wish of wishes(stream === 'upstream' ? state.up : state.down)) {
        const toxic = `${wish.type}-${stream}`;
        const there = proxy.toxics.find((one) => one.name === toxic);
        const body = { ...wish.body, name: toxic, type: wish.type, stream, toxicity: 1 };
        if (!there) {
          if (wish.on) await this.call('POST', path, body);
        } else if (!wish.on && wish.removable) {
          await this.call('DELETE', `${path}/${toxic}`);
        } else if (!same(there.attributes, wish.body.attributes)) {
          await this.call('PATCH', `${path}/${toxic}`, wish.body);
        }
      }
    if (proxy.enabled === state.refuse)
      await this.call('PATCH', `/proxies/${name}`, { enabled: !state.refuse });
  }
}

interface Wish {
  type: 'timeout' | 'latency' | 'bandwidth';
  on: boolean;
  removable: boolean;
  body: { attributes: Record<string, number> };
}

/**
 * The toxics that make a stream's state. A latency or a rate is not removed but set to nothing: on
 * a busy stream DELETE writes out all that the toxic holds, and hangs if the reader has gone
 * (Shopify/toxiproxy issue 558). A rate of 0 would hold everything back, so it is set very high.
 */
function wishes(stream: StreamState): Wish[] {
  const kilobytes = Math.max(1, Math.round(stream.rateBytesPerSecond / 1000));
  const limited = stream.rateBytesPerSecond > 0;
  return [
    { type: 'timeout', on: stream.drop, removable: true, body: { attributes: { timeout: 0 } } },
    {
      type: 'latency',
      on: stream.latencyMs > 0,
      removable: false,
      body: { attributes: { latency: stream.latencyMs, jitter: stream.jitterMs } },
    },
    {
      type: 'bandwidth',
      on: limited,
      removable: false,
      body: { attributes: { rate: limited ? kilobytes : 1_000_000_000 } },
    },
  ];
}

const same = (a: Record<string, number>, b: Record<string, number>): boolean =>
  Object.entries(b).every(([name, value]) => a[name] === value);

function parse(answer: string): unknown {
  try {
    return JSON.parse(answer) as unknown;
  } catch {
    return answer;
  }
}
