import type { ByteSource } from '@simvlm/bytes';
import { type TensorSource, tensorAt } from '@simvlm/checkpoint';
import { countOf } from '../tensors/view';
import { refusal } from './refusal';
import { PickledTensor, unpickle } from './unpickle';
import { type ZipMember, zipMembers } from './zip';

/** The types that hold weights, as safetensors calls them. */
const TYPES: Readonly<Record<string, 'F32' | 'F16' | 'BF16'>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
};
/** The description of ten thousand tensors has less; each of its bytes may be an instruction that makes an object. */
const MAX_PICKLE = 4 * 2 ** 20;

/**
 * Opens what `torch.save` made of a dictionary of weights, in the zip format it has had since PyTorch 1.6. The description is read, each tensor's
 * numbers when they are asked for. Nothing of the file is executed: see `unpickle`.
 *
 * @param where names the file in messages
 * @throws CheckpointError WEIGHTS_INVALID for another format, for damage, and for a file that holds more than weights
 */
export async function openTorchFile(file: ByteSource, where: string): Promise<Map<string, TensorSource>> {
  const members = await zipMembers(file, where);
  const pickle = [...members.keys()].find(name => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw refusal(where, 'it is a zip file without the data.pkl of torch.save');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = members.get(`${folder}byteorder`);
  if (order && (await textOf(file, order)) !== 'little')
    throw refusal(where, 'its numbers are not little-endian');
  const described = members.get(pickle)!;
  if (described.size > MAX_PICKLE)
    throw refusal(where, `its data.pkl has ${described.size} bytes, more than that of any model`);
  const bytes = new Uint8Array(described.size);
  await file.read(described.begin, bytes);
  const tensors = new Map<string, TensorSource>();
  for (const [name, value] of unpickle(bytes, where)) {
    if (typeof name !== 'string') throw refusal(where, 'it has an entry whose name is no text');
    if (!(value instanceof PickledTensor))
      throw refusal(where, `its entry ${JSON.stringify(name.slice(0, 100))} is no tensor`);
    const member = members.get(`${folder}data/${value.storage.member}`);
    if (!member) throw refusal(where, `the numbers of "${name}" are not there`);
    tensors.set(name, tensorOf(file, where, name, value, member));
  }
  return tensors;
}

function tensorOf(
  file: ByteSource,
  where: string,
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
  { begin, size }: ZipMember,
): TensorSource {
  // Only for those that are asked for: a file may hold others, which no model needs.
  const unreadable = (what: string): TensorSource => ({
    shape,
    async read() {
      throw refusal(where, what);
    },
  });
  if (!Object.hasOwn(TYPES, storage.type))
    return unreadable(`"${name}" is of ${storage.type}, which no weight is`);
  const dtype = TYPES[storage.type]!;
  const width = dtype === 'F32' ? 4 : 2;
  if (!isContiguous(shape, strides))
    return unreadable(`the numbers of "${name}" do not stand in their order`);
  if (width * (offset + countOf(shape)) > size) throw refusal(where, `"${name}" is cut off`);
  return tensorAt(file, begin + width * offset, { name, dtype, shape });
}

/** An extent of 1 may have any stride. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== expected) return false;
    expected *= shape[d]!;
  }
  return true;
}

async function textOf(file: ByteSource, { begin, size }: ZipMember): Promise<string> {
  const bytes = new Uint8Array(Math.min(size, 100));
  await file.read(begin, bytes);
  return new TextDecoder().decode(bytes);
}
