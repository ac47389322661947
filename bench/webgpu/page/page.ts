/** The benchmark in a page, opened by hand: each contender in a frame of its own, which is another world for its libraries. */
import type { BenchRow } from '../../lib/table';
import type { Peer, Place, Plan } from '../contest';
import type { ScaleName } from '../problem';
import type { Contender, Request } from '../protocol';
import { measure, parts } from '../report';

/** On the processor a step takes seconds to minutes. */
const plans: Record<ScaleName, Plan> = {
  gpu: { rounds: 6, warmUp: 2, tokens: 32, decoded: [1, 8] },
  software: { rounds: 2, warmUp: 1, tokens: 4, decoded: [1] },
};
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [status, button, scale] = [
  element('progress'),
  element<HTMLButtonElement>('run'),
  element<HTMLSelectElement>('scale'),
];

const here: Place = {
  name: 'this browser',
  async start(name, size): Promise<Peer> {
    const frame = document.createElement('iframe');
    frame.src = `contender.html?${name}+${size}`;
    const loaded = new Promise(resolve => frame.addEventListener('load', resolve));
    document.body.append(frame);
    try {
      await loaded;
      const inside = frame.contentWindow as unknown as { contender: Promise<Contender> };
      const contender = await inside.contender;
      return {
        hello: contender,
        ask: <T>(request: Request) => contender.answer(request) as Promise<T>,
        stop: async () => frame.remove(),
      };
    } catch (error) {
      frame.remove();
      throw error;
    }
  },
};

async function run(): Promise<void> {
  button.disabled = true;
  const missing: string[] = [];
  const size = scale.value as ScaleName;
  try {
    const { rows, notes, versions } = await measure(
      {
        ...{ places: [here], scale: size, plan: plans[size] },
        progress: what => (status.textContent = `${what} …`),
        missing: (what, error) => missing.push(`${what} left out: ${error.message}`),
      },
      parts,
    );
    show(rows);
    const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    list([...(notes ?? []), ...missing, made.join(', '), navigator.userAgent]);
    status.textContent = 'Done. A ratio above 1 means that ours is better.';
  } catch (error) {
    status.textContent = `Failed: ${(error as Error).message}`;
    list(missing);
  }
  button.disabled = false;
}

function show(rows: readonly BenchRow[]): void {
  const number = (value: number | null) =>
    value === null ? '' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const line = (kind: 'th' | 'td', cells: readonly string[]) => {
    const row = document.createElement('tr');
    for (const text of cells) row.append(Object.assign(document.createElement(kind), { textContent: text }));
    return row;
  };
  element('rows').replaceChildren(
    line('th', ['what', 'ours', 'peer', 'peer is', 'unit', 'ratio']),
    ...rows.map(({ what, ours, peer, peerName, unit, ratio }) =>
      line('td', [
        what,
        number(ours),
        number(peer),
        peerName ?? '',
        unit,
        ratio ? `${ratio.toFixed(2)}×` : '',
      ]),
    ),
  );
}

function list(lines: readonly string[]): void {
  const items = lines.map(text => Object.assign(document.createElement('li'), { textContent: text }));
  element('notes').replaceChildren(...items);
}

async function findAdapter(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return 'This browser found no WebGPU adapter.';
  const { vendor, architecture, description, device } = (adapter as unknown as { info: GPUAdapterInfo }).info;
  const name = [vendor, architecture, device, description].filter(Boolean).join(' ');
  if (SOFTWARE.test(name)) scale.value = 'software';
  button.disabled = false;
  return `Adapter: ${name || 'unnamed'}; features: ${[...adapter.features].sort().join(', ')}.`;
}

button.addEventListener('click', () => void run());
element('adapter').textContent = await findAdapter();
