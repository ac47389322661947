/**
 * One JavaScript tokenizer in a process of its own: `node encode.mjs NAME MODEL TEXT EVERY PEERS`. Plain Node and the
 * built packages, as a user has them. It answers `{ round: true }` with `{ seconds, cpuSeconds, bytes, tokens }` for every EVERY-th
 * line, after `{ again: true }` with what it remembers of them, and `{ sample: N }` with the ids of N lines spread over the text.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [name, modelFile, textFile, every, peers] = process.argv.slice(2);
const LIST = 1_000;
// Standard output is for answers.
console.log = console.error;

async function importPeer(specifier) {
  const file = createRequire(`${peers}/package.json`).resolve(specifier);
  const module = await import(pathToFileURL(file).href);
  // Node does not see every export of a minified CommonJS file by its name.
  return { ...module, ...module.default };
}
const versionOf = specifier =>
  JSON.parse(readFileSync(`${peers}/node_modules/${specifier}/package.json`, 'utf8')).version;
const model = () => readFileSync(modelFile);
const isJson = modelFile.endsWith('.json');
const json = async () =>
  isJson ? JSON.parse(model()) : (await import('./tokenizer-json.mjs')).tokenizerJson(model());
const classes = { WordPiece: 'BertTokenizer', BPE: 'GPT2Tokenizer' };

/** Each gives `encode`, a line to its ids; where many lines at once are quicker also `count`, and `way` says which. */
const tokenizers = {
  async '@simvlm/tokenizer'() {
    const tokenizer = (await import('@simvlm/tokenizer')).loadTokenizer(model());
    return { encode: line => tokenizer.encode(line) };
  },
  async '@huggingface/transformers'() {
    const { PreTrainedTokenizer } = await importPeer('@huggingface/transformers');
    const file = await json();
    const tokenizer_class = isJson ? classes[file.model.type] : 'T5Tokenizer';
    const tokenizer = new PreTrainedTokenizer(file, { tokenizer_class });
    return { encode: line => tokenizer.encode(line, { add_special_tokens: false }) };
  },
  async '@huggingface/tokenizers'() {
    const { Tokenizer } = await importPeer('@huggingface/tokenizers');
    const tokenizer = new Tokenizer(await json(), {});
    return { encode: line => tokenizer.encode(line, { add_special_tokens: false }).ids };
  },
  async '@sctg/sentencepiece-js'() {
    const { SentencePieceProcessor } = await importPeer('@sctg/sentencepiece-js');
    const processor = new SentencePieceProcessor();
    await processor.load(modelFile);
    return { encode: line => processor.encodeIds(line) };
  },
  async '@anush008/tokenizers'() {
    const { Tokenizer } = await importPeer('@anush008/tokenizers');
    const tokenizer = Tokenizer.fromString(JSON.stringify(await json()));
    const options = { addSpecialTokens: false };
    return {
      encode: async line => (await tokenizer.encode(line, null, options)).getIds(),
      // A call goes through another thread and back; a list of lines does so once.
      way: `lists of ${LIST} lines`,
      async count(lines) {
        let tokens = 0;
        for (let i = 0; i < lines.length; i += LIST)
          for (const encoding of await tokenizer.encodeBatch(lines.slice(i, i + LIST), options))
            tokens += encoding.getIds().length;
        return tokens;
      },
    };
  },
};

const isOurs = name === '@simvlm/tokenizer';
let { encode, count, way } = await tokenizers[name]();
const lines = readFileSync(textFile, 'utf8').split('\n').slice(0, -1);
const chosen = lines.filter((_, i) => i % Number(every) === 0);
const bytes = Buffer.byteLength(chosen.join(''));

async function perLine() {
  let tokens = 0;
  // A tokenizer that answers at once is not made to wait for promises.
  for (const line of chosen) {
    const ids = encode(line);
    tokens += ids instanceof Promise ? (await ids).length : ids.length;
  }
  return tokens;
}

const answer = object => process.stdout.write(`${JSON.stringify(object)}\n`);
answer({ versions: isOurs ? {} : { [name]: versionOf(name) }, way });
for await (const request of createInterface({ input: process.stdin })) {
  const { sample, again } = JSON.parse(request);
  if (sample === undefined) {
    // Ours remembers words: it starts each round without any, as with a text that it has not seen. Peers keep theirs.
    if (isOurs && !again) ({ encode } = await tokenizers[name]());
    const start = performance.now();
    const cpu = process.cpuUsage();
    const tokens = await (count?.(chosen) ?? perLine());
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    answer({ seconds, cpuSeconds: (user + system) / 1e6, bytes, tokens });
  } else {
    const ids = [];
    const size = Math.min(sample, lines.length);
    for (let i = 0; i < size; i++)
      ids.push(Array.from(await encode(lines[Math.floor((i * lines.length) / size)])));
    answer({ ids });
  }
}
