import type { ByteSource } from '@simvlm/bytes';
import { DataError, type SampleSource } from '@simvlm/core';
import { partsSource } from '../order/parts-source';
import type { ColumnMap } from './columns';
import type { DataFile } from './folder';
import { Gunzipped, isGzip } from './gunzip';
import { filePart, type Part, placeOf, type Row } from './part';
import type { PartsOptions } from './parts-reader';
import { shardSizes } from './shard-sizes';
import { checkWhole, contentOf, type TarMember, tarMembers } from './tar-members';
import { memberKind, SampleBuilder, splitName } from './webdataset-sample';
import { AHEAD, AHEAD_REMOTE, type PlacedBytes, Window } from './window';

export interface WebDatasetOptions extends PartsOptions {
  /** Extensions for `image`, `text` and `label`, or keys of the sample's `.json`. */
  readonly map?: ColumnMap;
  /** `sizes.json`, which says how many samples each shard has; else they are counted when several processes share them. */
  readonly sizes?: DataFile;
}

/** A text, a label or JSON, at most; it is read whole. */
const MOST_BYTES = 64 * 2 ** 20;

/** A picture on a server that is read with what surrounds it, at most. */
const MOST_KEPT_BYTES = 2 ** 20;

/** A picture, at most. */
const MOST_PICTURE_BYTES = 512 * 2 ** 20;

/**
 * Shards of WebDataset: tar archives, plain or gzip (by their content). Members in a row whose names are the same up to the first dot are a
 * sample: pictures by extension, `.txt` texts, `.cls` a label, `.json` other fields (`caption` and `text` are its text where there is no
 * `.txt`, `texts` all captions where there is no second one, `__key__` its key). Folders, links, names without a dot and what lies in a top folder
 * `__name__` are passed over.
 *
 * A plain archive is read header by header, and a picture when it is asked for. Of one on a server, 4 MiB are asked for at a time, and pictures of up to
 * 1 MiB in them are kept: few requests, more memory. One in gzip is read from beginning to end, also after `restore`, and its pictures are kept. An archive that is cut off, or has a wrong checksum, is a DataError that names file and byte. A
 * sample with the same name twice, an empty member, or one that is too large or cannot be read, is skipped and counted.
 */
export function webDatasetSource(shards: readonly DataFile[], options: WebDatasetOptions = {}): SampleSource {
  const sizeOf = shardSizes(options.sizes);
  const parts = shards.map(
    (shard): Part => ({
      ...filePart(shard),
      kind: async () => (shard.isRemote || (await isPacked(await shard.open())) ? 'bytes' : 'light'),
      count: () => sizeOf(shard),
      rows: from => rows(shard, placeOf(from), options.map ?? {}),
    }),
  );
  return partsSource('webdataset', parts, options);
}

async function* rows(shard: DataFile, from: number, map: ColumnMap): AsyncGenerator<Row> {
  const archive = await openArchive(shard);
  let builder: SampleBuilder | undefined;
  let end = from;
  try {
    for await (const member of tarMembers(archive.bytes, from, shard.name)) {
      const name = member.isFile ? splitName(member.name) : undefined;
      if (name) {
        if (builder && builder.key !== name.key) {
          yield { ...builder.finish(), after: member.at };
          builder = undefined;
        }
        builder ??= new SampleBuilder(name.key, shard.name, map);
        await addMember(builder, member, name.extension, archive, map);
      }
      await archive.checkEnd(member);
      end = member.end;
    }
    if (builder) yield { ...builder.finish(), after: end };
    await archive.finish();
  } finally {
    await archive.close();
  }
}

async function addMember(
  builder: SampleBuilder,
  member: TarMember,
  extension: string,
  archive: Archive,
  map: ColumnMap,
): Promise<void> {
  builder.begin(extension, member.size);
  const kind = memberKind(extension, map);
  if (kind === 'other') return;
  const most = kind === 'image' ? MOST_PICTURE_BYTES : MOST_BYTES;
  if (member.size > most)
    return builder.fail(`its "${extension}" has ${member.size} bytes, more than ${most}`);
  if (kind === 'image')
    builder.addImage({
      ...{ path: member.name, place: `${archive.name}: byte ${member.begin}` },
      bytes: await archive.picture(member),
    });
  else builder.addContent(kind, extension, await contentOf(archive.bytes, member, archive.name));
}

/** An archive that is read in part, or one that can only be read onwards. */
interface Archive {
  readonly name: string;
  readonly bytes: Window | Gunzipped;
  /** Gives what reads the bytes of a picture. */
  picture(member: TarMember): Promise<() => Promise<Uint8Array>>;
  /** @throws DataError when the archive ends in the middle of the member */
  checkEnd(member: TarMember): Promise<void>;
  /** Checks what is behind the last member. @throws DataError for a wrong checksum of the whole */
  finish(): Promise<void>;
  close(): Promise<void>;
}

async function openArchive(shard: DataFile): Promise<Archive> {
  const source = await shard.open();
  return (await isPacked(source)) ? packedArchive(source, shard) : plainArchive(source, shard);
}

/** A picture that is read now. */
async function kept(bytes: PlacedBytes, member: TarMember, name: string): Promise<() => Promise<Uint8Array>> {
  // A copy: what lies around it is not kept.
  const picture = (await contentOf(bytes, member, name)).slice();
  return async () => picture;
}

async function isPacked(source: ByteSource): Promise<boolean> {
  const first = new Uint8Array(Math.min(2, source.size));
  await source.read(0, first);
  return isGzip(first);
}

function plainArchive(source: ByteSource, { name, isRemote }: DataFile): Archive {
  const bytes = new Window(source, isRemote ? AHEAD_REMOTE : AHEAD);
  return {
    name,
    bytes,
    async picture(member) {
      if (isRemote && member.size <= MOST_KEPT_BYTES) return kept(bytes, member, name);
      return async () => {
        const picture = new Uint8Array(member.size);
        await source.read(member.begin, picture);
        return picture;
      };
    },
    checkEnd: async member => checkWhole(member, source.size, name),
    finish: async () => {},
    close: async () => {},
  };
}

function packedArchive(source: ByteSource, { name, isRemote }: DataFile): Archive {
  const bytes = new Gunzipped(source, name, isRemote ? AHEAD_REMOTE : AHEAD);
  return {
    name,
    bytes,
    picture: member => kept(bytes, member, name),
    async checkEnd(member) {
      if (member.size === 0) return;
      const last = await bytes.read(member.begin + member.size - 1, 1);
      if (last.length === 0)
        throw new DataError(
          'DATA_INVALID',
          `${name}: byte ${member.at}: the archive ends in "${member.name}"; fetch it again`,
        );
    },
    finish: () => bytes.drain(),
    close: () => bytes.close(),
  };
}
