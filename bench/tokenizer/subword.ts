import { fileURLToPath } from 'node:url';
import { measure } from '../lib/process';
import { progress } from '../lib/progress';
import { timeRow } from '../lib/table';
import { type Corpus, readLines } from './corpus';
import { OURS, RUST_PYTHON, startEncoder, subwordPeers } from './encoders';
import { encoding } from './encoding';
import type { Findings } from './findings';

type Kind = 'wordpiece' | 'byte-bpe';

/** Tokens of ours for one of theirs, at most. */
const QUALITY = 1.01;
const PEER = 'tokenizers (Python, Rust), 1 thread';

/** WordPiece or byte-level BPE beside Hugging Face's: training, once each, tokens of held-out text, and encoding. */
export async function subword(
  text: Corpus,
  kind: Kind,
  vocabSize: number,
  rounds: number,
  versions: Record<string, string>,
): Promise<Findings> {
  const name = `${kind} ${vocabSize / 1000}k`;
  progress(`training ${name}`);
  const file = (who: string) => `${text.folder}/${who}-${kind}-${vocabSize}.json`;
  const ours = await train(process.execPath, 'train.mjs', kind, vocabSize, text.train, file('ours'));
  const found: Findings = { rows: [], notes: [], failures: [] };
  try {
    const theirs = await train(RUST_PYTHON, 'train-rust.py', kind, vocabSize, text.train, file('rust'));
    found.rows.push(timeRow(`training, ${name}`, ours.seconds, { name: PEER, value: theirs.seconds }, 's'));
    if (ours.mebibytes !== null && theirs.mebibytes !== null)
      found.rows.push(
        timeRow(
          `training, peak memory, ${name}`,
          ours.mebibytes,
          { name: PEER, value: theirs.mebibytes },
          'MiB',
        ),
      );
    const [mine, other] = [await tokens(file('ours'), text), await tokens(file('rust'), text)];
    found.rows.push(
      timeRow(
        `held-out text, ${name}`,
        mine,
        { name: "Hugging Face's model", value: other },
        'tokens/character',
      ),
    );
    found.notes.push(`training ${name}: whole processes, once each, on the lines that are not held out`);
    if (!(mine / other <= QUALITY))
      found.failures.push(
        `${name}: ours needs ${(mine / other).toFixed(4)} times the tokens of Hugging Face's`,
      );
  } catch (error) {
    found.notes.push(`training ${name} beside ${PEER}: ${(error as Error).message}`);
  }
  const encoded = await encoding(text.all, { file: file('ours'), name }, subwordPeers, rounds, versions);
  return {
    rows: [...found.rows, ...encoded.rows],
    notes: [...found.notes, ...encoded.notes],
    failures: [...found.failures, ...encoded.failures],
  };
}

function train(command: string, script: string, kind: Kind, vocabSize: number, text: string, model: string) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return measure(command, [path, kind, `${vocabSize}`, text, model]);
}

/** Tokens per character of the held-out lines. */
async function tokens(model: string, text: Corpus): Promise<number> {
  const lines = readLines(text.heldOut);
  const encoder = await startEncoder(OURS, model, text.heldOut);
  const ids = await encoder.sample(lines.length);
  encoder.stop();
  const characters = lines.reduce((sum, line) => sum + [...line].length, 0);
  return ids.reduce((sum, { length }) => sum + length, 0) / characters;
}
