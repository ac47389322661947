/** Ends a probe: the part is not fit, for this reason. */
export function fail(reason: unknown): never {
  const text = reason instanceof Error ? reason.message : `${reason}`;
  console.log(text.split('\n').find(line => line.trim() !== '') ?? 'it fails');
  process.exit(1);
}
