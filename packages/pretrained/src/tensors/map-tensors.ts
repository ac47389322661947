import type { TensorSource } from '@simvlm/checkpoint';
import type { Family, TensorPlace } from '../families/family';
import { unsupported } from '../invalid';
import type { TheirTensor } from './open-weights';
import { endOf, gather, isInOrder } from './view';

export interface MappedTensors {
  /** By our names, in the order of the places. */
  readonly tensors: ReadonlyMap<string, TensorSource>;
  /** Names of theirs that nothing needs. */
  readonly skipped: readonly string[];
}

/**
 * Our tensors, read from theirs when they are asked for.
 *
 * @param where names the folder in messages
 * @throws CheckpointError CHECKPOINT_MISMATCH that lists every tensor that is missing, left over or of another shape
 */
export function mapTensors(
  where: string,
  theirs: ReadonlyMap<string, TheirTensor>,
  places: readonly TensorPlace[],
  { name: family, skipped, shared }: Family,
): MappedTensors {
  const needed = new Set(places.map(place => place.theirs));
  const copies = new Map(shared.filter(([, other]) => !needed.has(other)));
  const found = (name: string) => theirs.get(name) ?? theirs.get(copies.get(name) ?? '');
  const others = new Set(copies.values());
  const left = [...theirs.keys()].filter(name => !needed.has(name));
  const isKnown = (name: string) => others.has(name) || skipped.some(pattern => pattern.test(name));
  checkAll(where, family, { needed, found, places, unknown: left.filter(name => !isKnown(name)), theirs });
  return {
    tensors: new Map(places.map(place => [place.ours, viewed(found(place.theirs)!, place)])),
    skipped: left,
  };
}

/** One tensor of ours: a part at a time where theirs stands in the same order, else all that it spans at once. */
function viewed(source: TheirTensor, { shape, view }: TensorPlace): TensorSource {
  const readPart =
    source.readPart && isInOrder(view)
      ? (begin: number, into: Float32Array) => source.readPart!(view.offset + begin, into)
      : undefined;
  return {
    shape,
    ...(readPart && { readPart }),
    async read() {
      if (!source.readPart) return gather(await source.read(), 0, view);
      const span = new Float32Array(endOf(view) - view.offset);
      await source.readPart(view.offset, span);
      return isInOrder(view) ? span : gather(span, view.offset, view);
    },
  };
}

interface Compared {
  readonly needed: ReadonlySet<string>;
  readonly found: (name: string) => TheirTensor | undefined;
  readonly places: readonly TensorPlace[];
  readonly unknown: readonly string[];
  readonly theirs: ReadonlyMap<string, TheirTensor>;
}

function checkAll(where: string, family: string, { needed, found, places, unknown, theirs }: Compared): void {
  const missing = [...needed].filter(name => !found(name));
  const shapes = new Map(places.map(({ theirs: name, theirShape }) => [name, theirShape]));
  const others = [...shapes].filter(([name, shape]) => {
    const tensor = found(name);
    return tensor && !fits(tensor.shape, shape);
  });
  const lists = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(others.length > 0
      ? [
          `of another shape: ${others
            .map(([name, shape]) => {
              const { file, shape: has } = found(name)!;
              return `${name} in ${file} is [${has}] instead of [${shape}]`;
            })
            .join(', ')}`,
        ]
      : []),
    ...(unknown.length > 0
      ? [`left over: ${unknown.map(name => `${name} in ${theirs.get(name)!.file}`).join(', ')}`]
      : []),
  ];
  if (lists.length > 0)
    throw unsupported(
      `${where}: its tensors are not those of the ${family} that its config.json describes; ${lists.join('; ')}`,
    );
}

/** Equal but for extents of 1 at the beginning. */
function fits(has: readonly number[], needs: readonly number[]): boolean {
  return bare(has) === bare(needs);
}

function bare(shape: readonly number[]): string {
  const first = shape.findIndex(extent => extent !== 1);
  return (first < 0 ? [] : shape.slice(first)).join();
}
