/** SIGKILL; at the end the processes are started again with their data. */
import type { Nemesis } from '../model/index.js';
import {
  orderAll,
  planNodeFaults,
  resolveNodes,
  targetOption,
  validateNodeFault,
} from './node-faults.js';

const kill: Nemesis = {
  meta: {
    id: 'kill',
    help: 'kills nodes (SIGKILL) and starts them again with their data',
    needs: ['kill'],
    options: { killTarget: targetOption('kill') },
  },
  plan: (random, topology, options) => planNodeFaults('kill', random, topology, options),
  validate: validateNodeFault,
  resolve: (fault, scene) => resolveNodes(fault, scene, { title: 'kill', kind: 'kill' }),
  apply: (_fault, text, scene) => orderAll(scene, text.nodes, 'kill'),
};
export default kill;
