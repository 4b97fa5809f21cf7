/** What the tests get for `tap` under mutation testing: their tests are kept, to be run many times. */
export const tests = [];
const ignored = () => undefined;
/** @type {unknown} */
export default {
  test(name, ...rest) {
    const run = rest.at(-1);
    tests.push({ name, run });
    return Promise.resolve();
  },
  teardown: ignored,
  comment: ignored,
};
