import { demoConfig } from '../src/config/run-config';
import { loadRunData } from '../src/pipeline/data';
import { runTokenizer } from '../src/pipeline/tokenizer';
import { Terminal } from '../src/terminal';

const data = await loadRunData(demoConfig, 32, new Terminal());
const tok = await runTokenizer(demoConfig, data);
const h = new Map<number, number>();
let sum = 0,
  w = 0;
for (let i = 0; i < data.train.length; i++) {
  const { text } = await data.train.get(i);
  const n = tok.encode(text).length + 1;
  const k = data.weight!(i);
  h.set(n, (h.get(n) ?? 0) + k);
  sum += n * k;
  w += k;
}
console.log(
  'mean',
  sum / w,
  'weight',
  w,
  [...h]
    .sort((a, b) => a[0] - b[0])
    .map(([n, c]) => `${n}:${((100 * c) / w).toFixed(1)}`)
    .join(' '),
);
for (let i = 0; i < 6; i++) console.log((await data.documents.get(i * 1000)).text);
for (let i = 0; i < 8; i++) {
  const t = (await data.train.get(i * 1500)).text;
  console.log(tok.encodePieces(t).join(' '));
}
