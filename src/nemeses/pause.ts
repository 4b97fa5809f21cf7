/** SIGSTOP, then SIGCONT: a long collection of garbage, a machine that swaps. */
import type { Nemesis } from '../model/index.js';
import {
  orderAll,
  planNodeFaults,
  resolveNodes,
  targetOption,
  validateNodeFault,
} from './node-faults.js';

const pause: Nemesis = {
  meta: {
    id: 'pause',
    help: 'stops the processes of nodes (SIGSTOP) and lets them go on (SIGCONT)',
    needs: ['pause'],
    options: { pauseTarget: targetOption('pause') },
  },
  plan: (random, topology, options) => planNodeFaults('pause', random, topology, options),
  validate: validateNodeFault,
  resolve: (fault, scene) => resolveNodes(fault, scene, { title: 'pause', kind: 'pause' }),
  apply: (_fault, text, scene) => orderAll(scene, text.nodes, 'pause'),
};
export default pause;
