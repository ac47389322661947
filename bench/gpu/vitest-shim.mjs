/**
 * The part of vitest that the conformance suite uses, for a machine without it: pack.mjs puts this module in its place. The
 * matchers are vitest's own, which need no runner around them.
 */
export { expect } from 'vitest';

const root = suite('', undefined);
let current = root;

function suite(name, parent) {
  return { name, parent, before: [], after: [], children: [] };
}

export const describe = withEach((name, define) => {
  const outer = current;
  current = suite(name, outer);
  outer.children.push(current);
  try {
    define();
  } finally {
    current = outer;
  }
});
export const test = withEach((name, run) => current.children.push({ name, run }));
export const it = test;
export const beforeAll = hook => current.before.push(hook);
export const afterAll = hook => current.after.push(hook);

/** `.each(list)(title, define)`: `%s` and the like take the arguments in order, `$name` a property of the first. */
function withEach(declare) {
  const each = list => (title, define) => {
    for (const entry of list) {
      const args = Array.isArray(entry) ? entry : [entry];
      let next = 0;
      const name = title
        .replace(/%[sdifjo]/g, () => String(args[next++]))
        .replace(/\$([\w.]+)/g, (_, path) => path.split('.').reduce((value, key) => value?.[key], args[0]));
      declare(name, () => define(...args));
    }
  };
  return Object.assign((name, define) => declare(name, define), { each });
}

/** Runs all that was declared, in order; what fails stops nothing but itself. */
export async function runAll(onFailure) {
  const failures = [];
  let passed = 0;
  const fail = (path, error) => {
    failures.push({ name: path.join(' › '), message: String(error?.message ?? error).split('\n')[0] });
    onFailure(failures.at(-1));
  };
  const run = async (node, path) => {
    try {
      for (const hook of node.before) await hook();
    } catch (error) {
      return fail(path, error);
    }
    for (const child of node.children) {
      const name = [...path, child.name];
      if (child.children) await run(child, name);
      else {
        try {
          await child.run();
          passed++;
        } catch (error) {
          fail(name, error);
        }
      }
    }
    for (const hook of node.after) await hook();
  };
  await run(root, []);
  return { passed, failed: failures.length, failures };
}
