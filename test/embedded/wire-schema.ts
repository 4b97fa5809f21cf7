/** Requests and answers as Kafka's message files define them, in the versions served. */

export type Simple =
  'bool' | 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'string' | 'bytes' | 'uuid';
export type Type = Simple | `[]${Simple}` | readonly Field[];
export type Field = readonly [name: string, type: Type, from?: number, to?: number];

export interface Schema {
  key: number;
  min: number;
  max: number;
  /** The first version with tagged fields. */
  flexible: number;
  request: readonly Field[];
  response: readonly Field[];
}

const partitions = (fields: readonly Field[], name = 'name'): Field => [
  'topics',
  [
    [name, 'string'],
    ['partitions', fields],
  ],
];
const replicas: readonly Field[] = [
  ['replicaId', 'int32'],
  ['directoryId', 'uuid', 2],
  ['logEndOffset', 'int64'],
  ['lastFetch', 'int64', 1],
  ['lastCaughtUp', 'int64', 1],
];

export const schemas = {
  Produce: {
    ...{ key: 0, min: 3, max: 8, flexible: 9 },
    request: [
      ['transactionalId', 'string'],
      ['acks', 'int16'],
      ['timeoutMs', 'int32'],
      partitions([
        ['index', 'int32'],
        ['records', 'bytes'],
      ]),
    ],
    response: [
      partitions([
        ['index', 'int32'],
        ['errorCode', 'int16'],
        ['baseOffset', 'int64'],
        ['logAppendTime', 'int64'],
        ['logStartOffset', 'int64', 5],
        [
          'recordErrors',
          [
            ['batchIndex', 'int32'],
            ['message', 'string'],
          ],
          8,
        ],
        ['errorMessage', 'string', 8],
      ]),
      ['throttle', 'int32'],
    ],
  },
  Fetch: {
    ...{ key: 1, min: 4, max: 11, flexible: 12 },
    request: [
      ['replicaId', 'int32'],
      ['maxWaitMs', 'int32'],
      ['minBytes', 'int32'],
      ['maxBytes', 'int32'],
      ['isolation', 'int8'],
      ['sessionId', 'int32', 7],
      ['sessionEpoch', 'int32', 7],
      partitions([
        ['partition', 'int32'],
        ['currentLeaderEpoch', 'int32', 9],
        ['fetchOffset', 'int64'],
        ['logStartOffset', 'int64', 5],
        ['maxBytes', 'int32'],
      ]),
      [
        'forgotten',
        [
          ['topic', 'string'],
          ['partitions', '[]int32'],
        ],
        7,
      ],
      ['rackId', 'string', 11],
    ],
    response: [
      ['throttle', 'int32'],
      ['errorCode', 'int16', 7],
      ['sessionId', 'int32', 7],
      partitions([
        ['index', 'int32'],
        ['errorCode', 'int16'],
        ['highWatermark', 'int64'],
        ['lastStable', 'int64'],
        ['logStart', 'int64', 5],
        [
          'aborted',
          [
            ['producerId', 'int64'],
            ['firstOffset', 'int64'],
          ],
        ],
        ['preferredReplica', 'int32', 11],
        ['records', 'bytes'],
      ]),
    ],
  },
  ListOffsets: {
    ...{ key: 2, min: 1, max: 7, flexible: 6 },
    request: [
      ['replicaId', 'int32'],
      ['isolation', 'int8', 2],
      partitions([
        ['index', 'int32'],
        ['currentLeaderEpoch', 'int32', 4],
        ['timestamp', 'int64'],
      ]),
    ],
    response: [
      ['throttle', 'int32', 2],
      partitions([
        ['index', 'int32'],
        ['errorCode', 'int16'],
        ['timestamp', 'int64'],
        ['offset', 'int64'],
        ['leaderEpoch', 'int32', 4],
      ]),
    ],
  },
  Metadata: {
    ...{ key: 3, min: 1, max: 12, flexible: 9 },
    request: [
      [
        'topics',
        [
          ['id', 'uuid', 10],
          ['name', 'string'],
        ],
      ],
      ['autoCreate', 'bool', 4],
      ['clusterOperations', 'bool', 8, 10],
      ['topicOperations', 'bool', 8],
    ],
    response: [
      ['throttle', 'int32', 3],
      [
        'brokers',
        [
          ['nodeId', 'int32'],
          ['host', 'string'],
          ['port', 'int32'],
          ['rack', 'string'],
        ],
      ],
      ['clusterId', 'string', 2],
      ['controllerId', 'int32'],
      [
        'topics',
        [
          ['errorCode', 'int16'],
          ['name', 'string'],
          ['id', 'uuid', 10],
          ['internal', 'bool'],
          [
            'partitions',
            [
              ['errorCode', 'int16'],
              ['index', 'int32'],
              ['leader', 'int32'],
              ['epoch', 'int32', 7],
              ['replicas', '[]int32'],
              ['isr', '[]int32'],
              ['offline', '[]int32', 5],
            ],
          ],
          ['operations', 'int32', 8],
        ],
      ],
      ['operations', 'int32', 8, 10],
    ],
  },
  ApiVersions: {
    ...{ key: 18, min: 0, max: 4, flexible: 3 },
    request: [
      ['clientName', 'string', 3],
      ['clientVersion', 'string', 3],
    ],
    response: [
      ['errorCode', 'int16'],
      [
        'apis',
        [
          ['key', 'int16'],
          ['min', 'int16'],
          ['max', 'int16'],
        ],
      ],
      ['throttle', 'int32', 1],
    ],
  },
  CreateTopics: {
    ...{ key: 19, min: 2, max: 7, flexible: 5 },
    request: [
      [
        'topics',
        [
          ['name', 'string'],
          ['partitions', 'int32'],
          ['replicationFactor', 'int16'],
          [
            'assignments',
            [
              ['partition', 'int32'],
              ['brokers', '[]int32'],
            ],
          ],
          [
            'configs',
            [
              ['name', 'string'],
              ['value', 'string'],
            ],
          ],
        ],
      ],
      ['timeoutMs', 'int32'],
      ['validateOnly', 'bool'],
    ],
    response: [
      ['throttle', 'int32'],
      [
        'topics',
        [
          ['name', 'string'],
          ['id', 'uuid', 7],
          ['errorCode', 'int16'],
          ['errorMessage', 'string'],
          ['partitions', 'int32', 5],
          ['replicationFactor', 'int16', 5],
          ['configs', [['name', 'string']], 5],
        ],
      ],
    ],
  },
  DeleteTopics: {
    ...{ key: 20, min: 1, max: 6, flexible: 4 },
    request: [
      [
        'topics',
        [
          ['name', 'string'],
          ['id', 'uuid'],
        ],
        6,
      ],
      ['names', '[]string', 1, 5],
      ['timeoutMs', 'int32'],
    ],
    response: [
      ['throttle', 'int32'],
      [
        'topics',
        [
          ['name', 'string'],
          ['id', 'uuid', 6],
          ['errorCode', 'int16'],
          ['errorMessage', 'string', 5],
        ],
      ],
    ],
  },
  OffsetForLeaderEpoch: {
    ...{ key: 23, min: 2, max: 4, flexible: 4 },
    request: [
      ['replicaId', 'int32', 3],
      partitions([
        ['index', 'int32'],
        ['currentLeaderEpoch', 'int32'],
        ['leaderEpoch', 'int32'],
      ]),
    ],
    response: [
      ['throttle', 'int32'],
      partitions([
        ['errorCode', 'int16'],
        ['index', 'int32'],
        ['leaderEpoch', 'int32'],
        ['endOffset', 'int64'],
      ]),
    ],
  },
  DescribeQuorum: {
    ...{ key: 55, min: 0, max: 2, flexible: 0 },
    request: [partitions([['index', 'int32']])],
    response: [
      ['errorCode', 'int16'],
      ['errorMessage', 'string', 2],
      partitions([
        ['index', 'int32'],
        ['errorCode', 'int16'],
        ['errorMessage', 'string', 2],
        ['leaderId', 'int32'],
        ['leaderEpoch', 'int32'],
        ['highWatermark', 'int64'],
        ['voters', replicas],
        ['observers', replicas],
      ]),
      [
        'nodes',
        [
          ['nodeId', 'int32'],
          [
            'listeners',
            [
              ['name', 'string'],
              ['host', 'string'],
              ['port', 'uint16'],
            ],
          ],
        ],
        2,
      ],
    ],
  },
} as const satisfies Record<string, Schema>;
export type ApiName = keyof typeof schemas;
