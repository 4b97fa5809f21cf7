/** All that can be asked, in the order of the keys. */
import { createTopics, deleteTopics, describeQuorum } from './admin.js';
import { fetch } from './fetch.js';
import { apiVersions, metadata } from './metadata.js';
import { listOffsets, offsetForLeaderEpoch } from './offsets.js';
import { produce } from './produce.js';
import type { Api } from './request.js';

const served = [
  produce,
  fetch,
  listOffsets,
  metadata,
  createTopics,
  deleteTopics,
  offsetForLeaderEpoch,
  describeQuorum,
];
export const apis: readonly Api[] = [...served, apiVersions(served)];
