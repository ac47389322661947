/**
 * The optional parts of a machine: what some tests need beyond Node. A part that is missing, or there but unfit, costs those tests and no
 * more. Each has a probe, a program that ends with 0 where the part does what the tests ask of it, and otherwise says why it does not.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export const partNames = [
  'chromium',
  'webgpu',
  'gpu',
  'g++',
  'libtorch',
  'gloo',
  'torchrun',
  'namespaces',
  'sentencepiece',
  'pytorch',
  'tensorboard',
  'huggingface-hub',
  'transformers',
  'libtorch-cuda',
  'libtorch-debian',
] as const;
/** As `SIMVLM_REQUIRE` names it. */
export type PartName = (typeof partNames)[number];

export interface Part {
  /** For people. */
  readonly title: string;
  /** What is not tested without it. */
  readonly tests: string;
  /** The command that adds it. */
  readonly add: string;
  /** A part without which this one is of no use. */
  readonly after?: PartName;
  readonly probe: readonly [program: string, ...args: string[]];
}

const probe = (file: string, ...args: string[]) => {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const path = fileURLToPath(new URL(`probes/${file}`, import.meta.url));
  return [process.execPath, '--import', tsx, path, ...args] as const;
};

export const parts: Readonly<Record<PartName, Part>> = {
  chromium: {
    title: 'Chromium with WebGPU',
    tests: 'the browser tests, the studio tests, training in a page',
    add: 'apt-get install chromium',
    probe: probe('chromium.ts'),
  },
  webgpu: {
    title: 'WebGPU in Node',
    tests: 'the WebGPU backend in Node',
    // Chromium brings a driver that needs no GPU.
    add: 'apt-get install chromium libvulkan1',
    probe: probe('webgpu.ts'),
  },
  gpu: {
    title: 'a GPU with half precision for WebGPU in Node',
    tests: 'attention in half precision',
    add: 'on a machine with a GPU: VK_ICD_FILENAMES=DRIVER.json npx -y pnpm@10 test',
    after: 'webgpu',
    probe: probe('webgpu.ts', 'shader-f16'),
  },
  'g++': {
    title: 'a C++ compiler',
    tests: 'compiling the native addon',
    add: 'apt-get install g++',
    probe: probe('compiler.ts'),
  },
  libtorch: {
    title: 'libtorch',
    tests: 'the native backend',
    add: 'apt-get install g++; pip install torch',
    probe: probe('libtorch.ts'),
  },
  gloo: {
    title: 'a libtorch with Gloo',
    tests: 'training in several processes',
    add: 'pip install torch',
    after: 'libtorch',
    probe: probe('libtorch.ts', 'gloo'),
  },
  torchrun: {
    title: 'torchrun of the Python whose libtorch the addon uses',
    tests: 'processes that are killed and started again, several machines',
    add: 'pip install torch',
    after: 'gloo',
    probe: probe('torchrun.ts'),
  },
  namespaces: {
    title: 'network namespaces',
    tests: 'two hosts',
    add: 'as root: apt-get install iproute2',
    after: 'torchrun',
    // A sandbox may let root do less than root can.
    probe: [
      'sh',
      '-c',
      'n=simvlm-probe-$$; ip netns add $n && ip -n $n link add v0 type veth peer v1; code=$?; ip netns delete $n; exit $code',
    ],
  },
  sentencepiece: {
    title: 'SentencePiece',
    tests: 'the tokenizers beside the original',
    add: 'apt-get install sentencepiece',
    probe: [
      'sh',
      '-c',
      '{ spm_encode --version && spm_decode --version && spm_train --version; } >/dev/null',
    ],
  },
  pytorch: {
    title: 'PyTorch and NumPy of the Python whose libtorch the addon uses',
    tests: 'the model beside its PyTorch reference',
    add: 'pip install torch numpy',
    after: 'libtorch',
    probe: probe('pytorch.ts'),
  },
  tensorboard: {
    title: 'TensorBoard',
    tests: 'event files beside their reader',
    add: 'pip install tensorboard',
    probe: probe(
      'python-module.ts',
      'from tensorboard.backend.event_processing.event_accumulator import EventAccumulator',
    ),
  },
  'huggingface-hub': {
    title: "Hugging Face's client for Python",
    tests: 'the cache of models beside its own client',
    add: 'pip install huggingface_hub',
    probe: probe('python-module.ts', 'from huggingface_hub import hf_hub_download, snapshot_download'),
  },
  transformers: {
    title: "Hugging Face's transformers, with PyTorch and Pillow",
    tests: 'models that are given back, loaded by transformers',
    add: 'pip install transformers torch pillow',
    probe: probe('python-module.ts', 'from transformers import GitForCausalLM, ViTImageProcessor'),
  },
  'libtorch-cuda': {
    title: "a libtorch with CUDA, and NCCL's headers",
    tests: 'compiling and linking what computes on GPUs',
    add:
      "in an environment of its own: pip install torch 'cuda-toolkit[cccl]'; " +
      'then SIMVLM_CUDA_LIBTORCH=ENVIRONMENT/lib/python3.VERSION/site-packages/torch',
    after: 'g++',
    probe: probe('other-libtorch.ts', 'cuda'),
  },
  'libtorch-debian': {
    title: "Debian's libtorch",
    tests: 'compiling the native addon for the oldest libtorch that it supports',
    add: 'apt-get install libtorch-dev libopenblas0-openmp',
    after: 'g++',
    probe: probe('other-libtorch.ts', 'debian'),
  },
};
