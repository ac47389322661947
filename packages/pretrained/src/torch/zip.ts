import type { ByteSource } from '@simvlm/bytes';
import { refusal } from './refusal';

/** A member of a zip file: the bytes from `begin` on are its contents as they are. */
export interface ZipMember {
  readonly begin: number;
  readonly size: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
/** The comment at the end of a zip file has so many bytes at most. */
const MAX_COMMENT = 0xffff;
/** A directory of ten thousand members has less. */
const MAX_DIRECTORY = 4 * 2 ** 20;

/**
 * The members of a zip file whose contents are stored, not compressed, as `torch.save` writes them (the format is PKWARE's APPNOTE.TXT, with
 * the 64-bit sizes of its section 4.3.14).
 *
 * @param where names the file in messages
 * @throws CheckpointError for what is no such file
 */
export async function zipMembers(file: ByteSource, where: string): Promise<Map<string, ZipMember>> {
  const directory = await directoryPlace(file, where);
  if (directory.size > MAX_DIRECTORY || directory.begin + directory.size > file.size)
    throw refusal(where, `its list of members does not fit a file of ${file.size} bytes`);
  const bytes = new Uint8Array(directory.size);
  await file.read(directory.begin, bytes);
  const view = viewOf(bytes);
  const members = new Map<string, ZipMember>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== ENTRY)
      throw refusal(where, 'its list of members is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(place =>
      view.getUint16(at + place, true),
    ) as [number, number, number];
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > bytes.length) throw refusal(where, 'its list of members is cut off');
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (view.getUint16(at + 10, true) !== 0) throw refusal(where, `its member "${name}" is compressed`);
    const extra = bytes.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [size, header] = wide(view, at, extra);
    members.set(name, { begin: await contentsOf(file, where, name, header, size), size });
    at = end;
  }
  return members;
}

/** Size and place of a member, which stand in the extra field where 32 bits are not enough. */
function wide(view: DataView, at: number, extra: Uint8Array): [size: number, header: number] {
  const narrow = [
    view.getUint32(at + 24, true),
    view.getUint32(at + 20, true),
    view.getUint32(at + 42, true),
  ];
  const fields = viewOf(extra);
  for (let place = 0; place + 4 <= extra.length; ) {
    const [id, length] = [fields.getUint16(place, true), fields.getUint16(place + 2, true)];
    if (id === 1) {
      let next = place + 4;
      for (const [i, value] of narrow.entries())
        if (value === 0xffffffff && next + 8 <= place + 4 + length && next + 8 <= extra.length) {
          narrow[i] = Number(fields.getBigUint64(next, true));
          next += 8;
        }
    }
    place += 4 + length;
  }
  return [narrow[0]!, narrow[2]!];
}

/** Where the contents of a member begin: behind its own header. */
async function contentsOf(
  file: ByteSource,
  where: string,
  name: string,
  header: number,
  size: number,
): Promise<number> {
  const bytes = new Uint8Array(30);
  if (header + bytes.length <= file.size) await file.read(header, bytes);
  const view = viewOf(bytes);
  const begin = header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== LOCAL || begin + size > file.size)
    throw refusal(where, `its member "${name}" is cut off`);
  return begin;
}

async function directoryPlace(file: ByteSource, where: string): Promise<{ begin: number; size: number }> {
  const tail = new Uint8Array(Math.min(file.size, END_BYTES + MAX_COMMENT));
  await file.read(file.size - tail.length, tail);
  const view = viewOf(tail);
  let end = tail.length - END_BYTES;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0)
    throw refusal(
      where,
      'it is not a file that torch.save wrote in the zip format: it is older, cut off or something else',
    );
  const [size, begin] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
  const isWide = end >= 20 && view.getUint32(end - 20, true) === LOCATOR_64;
  if (!isWide) return { begin, size };
  const record = new Uint8Array(56);
  const place = Number(view.getBigUint64(end - 20 + 8, true));
  if (place + record.length > file.size) throw refusal(where, 'its list of members is cut off');
  await file.read(place, record);
  const wideView = viewOf(record);
  if (wideView.getUint32(0, true) !== END_64) throw refusal(where, 'its list of members is damaged');
  return { size: Number(wideView.getBigUint64(40, true)), begin: Number(wideView.getBigUint64(48, true)) };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
