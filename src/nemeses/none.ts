/** No faults: shows what the cluster does when it is left alone. */
import { SchismError, type Fault, type Nemesis } from '../model/index.js';

const refuse = (fault: Fault): SchismError =>
  new SchismError('usage', `Expected no fault of nemesis none, got fault ${fault.id}.`);

const none: Nemesis = {
  meta: { id: 'none', help: 'no faults', needs: [], options: {} },
  plan: () => [],
  validate: (fault) => {
    throw refuse(fault);
  },
  resolve: (fault) => Promise.reject(refuse(fault)),
  apply: (fault) => Promise.reject(refuse(fault)),
};
export default none;
