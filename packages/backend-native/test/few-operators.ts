/** `few-operators.ts FILE`: loads an addon and prints, as a line of JSON, its version and what a few operators give on the CPU. */
import { constants } from 'node:os';
import { type Argument, type Handle, type NativeAddon, scalarType } from '../src/addon/interface';

const CPU = -1;
const module = { exports: {} as NativeAddon };
process.dlopen(module, process.argv[2]!, constants.dlopen.RTLD_NOW);
const addon = module.exports;

const call = (name: string, ...args: Argument[]) => addon.call(addon.operator(`aten::${name}`, ''), args);
const tensor = (numbers: number[], shape = [numbers.length]) =>
  addon.create(new Float32Array(numbers), shape, scalarType.float32, CPU);
const numbers = (handle: unknown) => [...new Float32Array(addon.readSync(handle as Handle))];

const [a, b] = [tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6, 7, 8], [2, 2])];
const signed = tensor([-1, 2]);
let isError = false;
try {
  call('mm', a, signed);
} catch {
  isError = true; // and the process goes on
}
const result = {
  version: addon.torchVersion,
  cuda: addon.builtWithCuda,
  product: numbers(call('mm', a, b)),
  relu: numbers(call('relu', signed)),
  gradient: numbers(call('threshold_backward', tensor([1, 1]), signed, 0)),
  isError,
};
console.log(JSON.stringify(result));
process.exit(0);
