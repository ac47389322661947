/** `pnpm bench NAME [--json FILE]`: runs one benchmark, prints its table, writes it as JSON; `--help` has more. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine } from './lib/machine';
import { type BenchOptions, type BenchResult, table } from './lib/table';

type Options = BenchOptions & { readonly page: boolean; readonly vs: string | undefined };

const benchmarks: Record<
  string,
  { about: string; load: () => Promise<{ run: (options: Options) => Promise<BenchResult> }> }
> = {
  wasm: {
    about: 'a small language model: our wasm backend beside plain tfjs and jax-js',
    load: () => import('./wasm'),
  },
  native: {
    about: 'SimVLM: our native and wasm backends beside PyTorch, training and decoding',
    load: () => import('./native'),
  },
  base: {
    about:
      'SimVLM-Base at full size on the CPU beside PyTorch: time and memory, with and without checkpointing',
    load: () => import('./base'),
  },
  huge: {
    about: 'the presets large and huge: peak memory of saving and opening their checkpoints',
    load: () => import('./huge'),
  },
  'start-up': {
    about: 'how soon the built command line is there, beside another checkout',
    load: () => import('./start-up'),
  },
  processes: {
    about: 'two processes that train one model on the CPU beside two that train their own',
    load: () => import('./processes'),
  },
  webgpu: {
    about: 'our WebGPU backend beside plain tfjs, jax-js and onnxruntime-web, in Chromium and on Dawn',
    load: () => import('./webgpu'),
  },
  demo: {
    about: 'the parts of a training step of the demo model on every backend present',
    load: () => import('./demo'),
  },
  data: {
    about: 'pictures from a folder and from tar shards beside torchvision, and the memory of a long run',
    load: () => import('./data'),
  },
  pretrained: {
    about: 'git-base at full size beside transformers: import, captions, steps of LoRA',
    load: () => import('./pretrained'),
  },
  integers: {
    about: 'weights of 8 and 4 bits: exact match and likeliest tokens, and the speed of writing text',
    load: () => import('./integers'),
  },
  tokenizer: {
    about: 'encoding, training and quality beside SentencePiece and the tokenizers of npm',
    load: () => import('./tokenizer'),
  },
};

const usage = `usage: pnpm bench NAME [--json FILE]
       pnpm bench native [--json FILE] [--quick]
       pnpm bench base [--json FILE] [--quick]
       pnpm bench huge [--json FILE] [--quick] [--part large,huge]
       pnpm bench start-up [--json FILE] [--quick] [--vs CHECKOUT]
       pnpm bench processes [--json FILE] [--quick]
       pnpm bench webgpu [--json FILE] [--quick] [--part train,stack,decode] [--page]
       pnpm bench data [--json FILE] [--quick] [--part speed,training,memory]
       pnpm bench pretrained [--json FILE] [--quick] [--part caption,lora]
       pnpm bench integers [--json FILE] [--quick] [--part quality,speed]
       pnpm bench tokenizer [--json FILE] [--quick] [--part encode,train,quality,subword] [--no-bpe]\n${Object.entries(
         benchmarks,
       )
         .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
         .join('\n')}`;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter(argument => argument !== '--'),
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    part: { type: 'string' },
    vs: { type: 'string' },
    page: { type: 'boolean', default: false },
    'no-bpe': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const benchmark = benchmarks[positionals[0] ?? ''];
if (values.help) console.log(usage);
else if (!benchmark || positionals.length !== 1) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const { run } = await benchmark.load();
  const result = await run({
    ...{ quick: values.quick, part: values.part, bpe: !values['no-bpe'] },
    page: values.page,
    vs: values.vs,
  });
  const report = { machine: machine(), ...result };
  const versions = Object.entries(result.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  console.log(
    `\n${table(result.rows)}\n\n${report.machine.cpu}, ${report.machine.cores} cores, Node ${process.versions.node}\n${versions}`,
  );
  for (const note of result.notes ?? []) console.log(note);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
