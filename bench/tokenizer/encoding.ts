import { progress } from '../lib/progress';
import { median, rateRow } from '../lib/table';
import { readLines } from './corpus';
import { agreement, type Encoder, OURS, type Peer, RUST, SPM, startEncoder } from './encoders';
import { type Findings, percent } from './findings';

const SAMPLE_LINES = 5_000;

interface Running {
  readonly name: string;
  readonly every: number;
  readonly encoder: Encoder;
  /** MB/s of each round. */
  readonly rates: number[];
  /** Processor seconds for each second of a round. */
  readonly load: number[];
}

/** MB/s of every tokenizer with one model, and whether its ids are ours. A peer that fails is a note. */
export async function encoding(
  text: string,
  model: { file: string; name: string },
  peers: readonly Peer[],
  rounds: number,
  versions: Record<string, string>,
): Promise<Findings> {
  const found: Findings = { rows: [], notes: [], failures: [] };
  let running: Running[] = [];
  const attempt = async (name: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (name === OURS) throw error;
      found.notes.push(`${name}: ${(error as Error).message}`);
      running = running.filter(peer => peer.name !== name);
    }
  };
  for (const { name, every } of [{ name: OURS, every: 1 }, ...peers]) {
    progress(`starting ${name}`);
    await attempt(name, async () => {
      const encoder = await startEncoder(name, model.file, text, every);
      running.push({ name, every, encoder, rates: [], load: [] });
    });
  }
  const again: { bytes: number; seconds: number }[] = [];
  // Round 0 warms up: nothing is compiled yet.
  for (let round = 0; round <= rounds; round++) {
    progress(`encoding, round ${round} of ${rounds}`);
    for (const { name, encoder, rates, load } of running)
      await attempt(name, async () => {
        const { bytes, seconds, cpuSeconds } = await encoder.round();
        rates.push(bytes / 1e6 / seconds);
        if (cpuSeconds !== undefined) load.push(cpuSeconds / seconds);
        if (name === OURS) again.push(await encoder.again());
      });
  }
  const ours = running[0]!;
  const expected = await ours.encoder.sample(SAMPLE_LINES);
  const lines = readLines(text).length;
  const typical = ({ rates }: Running) => median(rates.slice(1));
  for (const peer of running.slice(1))
    await attempt(peer.name, async () => {
      const { name, every, encoder } = peer;
      const same = agreement(expected, await encoder.sample(SAMPLE_LINES));
      found.rows.push(
        rateRow(`encoding, ${model.name}`, typical(ours), { name, value: typical(peer) }, 'MB/s'),
      );
      const ids = `${percent(same)} of ${expected.length.toLocaleString('en')} lines have our ids`;
      found.notes.push(
        [
          `${name}: ${ids}`,
          every > 1
            ? `measured on every ${every}th line, ${Math.ceil(lines / every).toLocaleString('en')}`
            : '',
          encoder.about(),
        ]
          .filter(Boolean)
          .join('; '),
      );
      Object.assign(versions, encoder.versions);
      if (same < 1 && (name === SPM || name === RUST)) found.failures.push(`${name}: only ${ids}`);
    });
  const list = (of: (peer: Running) => number | undefined) =>
    running
      .flatMap(peer => {
        const value = of(peer);
        return value === undefined ? [] : [`${peer.name} ${value.toPrecision(3)}`];
      })
      .join(', ');
  const repeated = median(again.slice(1).map(({ bytes, seconds }) => bytes / 1e6 / seconds));
  found.notes.push(
    `${OURS} is loaded anew for each round, so that it remembers no words; a second pass over the same text: ${repeated.toPrecision(3)} MB/s`,
    `encoding, ${model.name}: medians of ${rounds} rounds after a first one, which had these MB/s: ${list(({ rates }) => rates[0])}`,
    `processor seconds for each second of encoding: ${list(({ load }) => (load.length > 1 ? median(load.slice(1)) : undefined))}`,
  );
  for (const { encoder } of running) encoder.stop();
  return found;
}
