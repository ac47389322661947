/** `worker.ts SHARE`: a process that runs some of the specs on one backend and tells its parent how they end. */
import { createRequire } from 'node:module';
import { type EnvironmentName, environments } from './environments';
import type { Message, Share } from './messages';

interface Named {
  readonly id: string;
  readonly children?: readonly Named[];
  getFullName(): string;
}

interface Result {
  readonly id: string;
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string }[];
}

const require = createRequire(import.meta.url);
const share = JSON.parse(process.argv[2]!) as Share;
const { backendName, flags, isDataSync, start } = environments[share.environment as EnvironmentName];
const tell = (message: Message): void => void process.send!(message);

await start();
const jasmine = require('jasmine-core').boot();
const jasmineEnv = jasmine.getEnv();
jasmine.DEFAULT_TIMEOUT_INTERVAL = share.timeout * 1000;
const { setTestEnvs, declareSpecs } = require(share.bundle);
setTestEnvs([{ name: backendName, backendName, flags, isDataSync }]);
// Some suites have a name that another has, and so have some specs.
jasmineEnv.configure({ random: false, forbidDuplicateNames: false });
declareSpecs();

/** The number and the name of each spec; a name that was there before gets a number, too. */
const specs = new Map<string, { index: number; name: string }>();
const mine = new Set<string>();
const seen = new Map<string, number>();
jasmineEnv.topSuite().children.forEach((suite: Named, number: number) => {
  for (const spec of specsOf(suite)) {
    const name = plainName(spec.getFullName());
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    const index = specs.size;
    specs.set(spec.id, { index, name: times > 1 ? `${name} (${times})` : name });
    if (number % share.workers === share.worker && index >= share.from && name.includes(share.only))
      mine.add(spec.id);
  }
});

jasmineEnv.configure({ specFilter: ({ id }: Named) => mine.has(id) });
jasmineEnv.clearReporters();
jasmineEnv.addReporter({
  specStarted: ({ id }: Result) => {
    if (mine.has(id)) tell({ kind: 'started', ...specs.get(id)! });
  },
  specDone: ({ id, status, failedExpectations }: Result) => {
    if (!mine.has(id)) return;
    const { index, name } = specs.get(id)!;
    const failures = failedExpectations.map(({ message }) => message);
    if (status !== 'passed' && failures.length === 0) failures.push(`is ${status}`);
    tell({ kind: 'done', index, outcome: { name, failures } });
  },
  suiteDone: ({ fullName, failedExpectations }: Result) => {
    const failures = failedExpectations.map(({ message }) => message);
    if (failures.length > 0)
      tell({ kind: 'suite', outcome: { name: `${plainName(fullName)} (suite)`, failures } });
  },
  jasmineDone: ({ failedExpectations }: Result) => {
    const failures = failedExpectations.map(({ message }) => message);
    if (failures.length > 0) tell({ kind: 'suite', outcome: { name: '(all specs)', failures } });
    // A backend may keep the process alive.
    process.send!({ kind: 'end' } satisfies Message, () => process.exit());
  },
});
// A device that is asked for nothing keeps no process alive, though a spec waits for it.
setInterval(() => {}, 1000);
await jasmineEnv.execute();

function specsOf(node: Named): Named[] {
  return node.children ? node.children.flatMap(specsOf) : [node];
}

/** Without the backend, which tfjs writes behind the name of each suite. */
function plainName(name: string): string {
  return name.replaceAll(` ${backendName} ${JSON.stringify(flags ?? {})}`, '').replace(/ +/g, ' ');
}
