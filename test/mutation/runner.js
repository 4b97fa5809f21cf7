/**
 * A test runner for Stryker that keeps one process for many mutants: the tests, built with all
 * mutants in them, are loaded once, and each mutant runs those that reach it until one fails. A new
 * process for each mutant and test file takes many times as long.
 */
import { readdirSync } from 'node:fs';
import { register } from 'node:module';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { tests } from './collect.js';

const folders = ['checkers', 'analysis', 'parity'];

/** Tap tells its parent process of its timeout, which Stryker would take for an answer. */
async function loadTap() {
  const { send } = process;
  process.send = undefined;
  const { t, Test } = await import('tap');
  t.setTimeout(0);
  process.send = send;
  return Test;
}
const Test = await loadTap();

class Stop extends Error {}

/** Tap's assertions; the first one that fails ends the test. */
function strict(t) {
  const check = (name, ok) => {
    if (ok === false) throw new Stop(`${name} failed`);
    return ok;
  };
  return new Proxy(t, {
    get(_, name) {
      if (name === 'test') return async (_title, ...rest) => rest.at(-1)(strict(t));
      if (name === 'end') return () => undefined;
      const value = t[name];
      if (typeof value !== 'function') return value;
      return (...args) => {
        const result = value.apply(t, args);
        return result instanceof Promise
          ? result.then((ok) => check(name, ok))
          : check(name, result);
      };
    },
  });
}

class InProcessRunner {
  #loaded = false;
  /** Ids of tests, those that killed last first: neighbouring mutants die of the same. */
  #order = [];

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun() {
    await this.#load();
    const ns = (globalThis.__stryker__ ??= {});
    const results = [];
    for (const id of this.#order) {
      ns.currentTestId = id;
      results.push(await this.#run(id));
    }
    ns.currentTestId = undefined;
    return { status: 'complete', tests: results, mutantCoverage: ns.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    const ns = (globalThis.__stryker__ ??= {});
    // Before anything is loaded: some mutants act only then.
    Object.assign(ns, { activeMutant: activeMutant.id, hitCount: hitLimit && 0, hitLimit });
    await this.#load();
    const wanted = testFilter && new Set(testFilter);
    let nrOfTests = 0;
    try {
      for (const id of this.#order) {
        if (wanted?.has(id) === false) continue;
        nrOfTests++;
        const { status, failureMessage } = await this.#run(id);
        if (ns.hitCount > hitLimit) return { status: 'timeout', reason: 'hit limit reached' };
        if (status === 0) continue;
        this.#order = [id, ...this.#order.filter((one) => one !== id)];
        return { status: 'killed', killedBy: [id], failureMessage, nrOfTests };
      }
      return { status: 'survived', nrOfTests };
    } finally {
      ns.activeMutant = undefined;
    }
  }

  async #load() {
    if (this.#loaded) return;
    this.#loaded = true;
    process.env.SCHISM_SHARE = '0.03';
    // The same histories for each mutant, and no search for a smaller one that fails too.
    fc.configureGlobal({ seed: 7, endOnFailure: true });
    // Where the build command of stryker.config.json puts them, in the folder of these mutants.
    const built = resolve('.build/mutation');
    const collect = JSON.stringify(new URL('collect.js', import.meta.url).href);
    const within = JSON.stringify(pathToFileURL(built).href);
    const hook = `export const resolve = (name, context, next) =>
      name === 'tap' && context.parentURL?.startsWith(${within})
        ? { url: ${collect}, shortCircuit: true }
        : next(name, context);`;
    register(`data:text/javascript,${encodeURIComponent(hook)}`);
    for (const folder of folders) {
      const dir = join(built, 'test', folder);
      const files = readdirSync(dir).filter(
        (file) => file.endsWith('.test.js') && !file.startsWith('edn-'),
      );
      for (const file of files) {
        const from = tests.length;
        await import(pathToFileURL(join(dir, file)).href);
        tests.slice(from).forEach((test, i) => {
          test.id = `${folder}/${file} ${i}: ${test.name}`;
        });
      }
    }
    this.#order = tests.map(({ id }) => id);
  }

  async #run(id) {
    const { run } = tests.find((test) => test.id === id);
    const begun = performance.now();
    let failureMessage;
    try {
      await run(strict(new Test({ name: id })));
    } catch (error) {
      failureMessage = error instanceof Error ? error.message : String(error);
    }
    const about = { id, name: id, timeSpentMs: performance.now() - begun };
    return failureMessage === undefined
      ? { ...about, status: 0 }
      : { ...about, status: 1, failureMessage };
  }
}

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', injectableClass: InProcessRunner },
];
