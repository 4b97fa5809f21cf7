/**
 * The parts of kafkajs 2.2.4 below its producer and consumer, which have no types of their own.
 * They are used because the classes above them hide whether a Produce was written, which broker
 * was asked, and error codes that kafkajs does not know.
 */
interface KafkaJsRequest {
  apiKey: number;
  apiVersion: number;
  apiName: string;
  encode(): Promise<unknown>;
  expectResponse?(): boolean;
}
interface KafkaJsResponse<Decoded, Parsed = Decoded> {
  decode(raw: Buffer): Promise<Decoded>;
  parse(decoded: Decoded): Promise<Parsed>;
}
interface KafkaJsCall<Decoded> {
  request: KafkaJsRequest;
  response: KafkaJsResponse<Decoded>;
}
/** Of one API: picks a version for `args`. */
type KafkaJsDefinition<Args, Decoded> = { readonly __types?: [Args, Decoded] };

declare module 'kafkajs/src/network/connectionPool.js' {
  export default class ConnectionPool {
    constructor(options: Record<string, unknown>);
    send<Decoded>(call: KafkaJsCall<Decoded>): Promise<Decoded>;
    destroy(): Promise<void>;
  }
}
declare module 'kafkajs/src/broker/index.js' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool.js';
  export default class Broker {
    constructor(options: {
      connectionPool: ConnectionPool;
      logger: unknown;
      authenticationTimeout?: number | undefined;
    });
    readonly connectionPool: ConnectionPool;
    /** By API key, once connected. */
    readonly versions: Record<
      number,
      { minVersion: number; maxVersion: number } | undefined
    > | null;
    connect(): Promise<void>;
    lookupRequest<Args, Decoded>(
      apiKey: number,
      definition: KafkaJsDefinition<Args, Decoded>,
    ): (args: Args) => KafkaJsCall<Decoded>;
  }
}
declare module 'kafkajs/src/protocol/requests/index.js' {
  export interface MetadataAnswer {
    brokers: { nodeId: number; host: string; port: number }[];
    topicMetadata: {
      topicErrorCode: number;
      topic: string;
      partitionMetadata: { partitionErrorCode: number; partitionId: number; leader: number }[];
    }[];
  }
  export interface ProduceAsk {
    acks: number;
    timeout: number;
    topicData: {
      topic: string;
      partitions: { partition: number; messages: { key: null; value: Buffer }[] }[];
    }[];
  }
  export interface ProduceAnswer {
    topics: {
      topicName: string;
      partitions: { partition: number; errorCode: number; baseOffset: string }[];
    }[];
  }
  export const requests: {
    Metadata: KafkaJsDefinition<
      { topics: readonly string[]; allowAutoTopicCreation: boolean },
      MetadataAnswer
    >;
    Produce: KafkaJsDefinition<ProduceAsk, ProduceAnswer>;
  };
}
declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(size?: number);
    writeBufferInternal(bytes: Buffer): void;
  }
}
declare module 'kafkajs/src/loggers/index.js' {
  export function createLogger(options: {
    level: number;
    logCreator: () => () => void;
  }): Record<string, unknown>;
}
