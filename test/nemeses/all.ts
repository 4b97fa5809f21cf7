import kill from '../../src/nemeses/kill.js';
import latency from '../../src/nemeses/latency.js';
import none from '../../src/nemeses/none.js';
import partition from '../../src/nemeses/partition.js';
import pause from '../../src/nemeses/pause.js';
import restart from '../../src/nemeses/restart.js';

export const all = [kill, latency, none, partition, pause, restart];
