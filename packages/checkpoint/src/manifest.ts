import { CheckpointError, parseJson } from '@simvlm/core';
import type { SaveOptions } from './checkpoint';
import type { MetricValue } from './retention';

/** The file that says which others there are. It is written last: a folder without one was never finished. */
export const MANIFEST = 'manifest.json';

/** In bytes: a manifest of a million files has less. */
export const MANIFEST_LIMIT = 64 * 2 ** 20;

/** What is known of a file before it is read. */
export interface ManifestEntry {
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** What a checkpoint holds. */
export interface Manifest {
  readonly format: 1;
  /** Counts the saves of a run, from 1 on: the newest checkpoint has the highest, whatever its step. Absent in older checkpoints. */
  readonly saved?: number;
  /** Smoothed loss at that step, in nats per token, where a training told it. */
  readonly loss?: number;
  /** What the run is judged by, at that step. */
  readonly metric?: MetricValue;
  readonly files: Readonly<Record<string, ManifestEntry>>;
}

/** What a manifest tells of a save. */
export function noted({ loss, metric }: SaveOptions): Pick<Manifest, 'loss' | 'metric'> {
  return {
    ...(loss !== undefined && { loss }),
    // JSON has no NaN, and nothing is the best for it.
    ...(metric && Number.isFinite(metric.value) && { metric }),
  };
}

export function manifestBytes(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** A file name that stays in its folder. */
function isFileName(name: string): boolean {
  return /^(?!\.{1,2}$)[^/\\\0]+$/.test(name);
}

/** @throws CheckpointError for a name that leads out of the folder, or that is the manifest's own */
export function checkNames(names: Iterable<string>): void {
  for (const name of names)
    if (!isFileName(name) || name === MANIFEST)
      throw new CheckpointError('CHECKPOINT_INVALID', `a checkpoint cannot hold a file named ${name}`);
}

/** @param where names the checkpoint in errors. @throws CheckpointError for what is no manifest, or whose names lead elsewhere */
export function parseManifest(where: string, bytes: Uint8Array): Manifest {
  const refuse = (what: string) =>
    new CheckpointError('CHECKPOINT_INVALID', `${where}: ${MANIFEST} ${what}; use another checkpoint`);
  const value = parseJson(bytes, `${where}: ${MANIFEST}`, (message, options) => {
    return new CheckpointError('CHECKPOINT_INVALID', `${message}; use another checkpoint`, options);
  });
  if (!isObject(value) || value.format !== 1) throw refuse('is not of format 1, which this version reads');
  const { files, saved, loss, metric } = value;
  if (!isObject(files) || Object.keys(files).length === 0) throw refuse('does not say which files there are');
  for (const [name, entry] of Object.entries(files)) {
    if (!isFileName(name) || name === MANIFEST) throw refuse(`names "${name}", which is no file name`);
    if (!isEntry(entry)) throw refuse(`does not give bytes and sha256 of "${name}"`);
  }
  if (saved !== undefined && !isCount(saved)) throw refuse('has a "saved" that is no whole number');
  if (loss !== undefined && typeof loss !== 'number') throw refuse('has a "loss" that is no number');
  if (metric !== undefined && !isMetricValue(metric))
    throw refuse('has a "metric" without name, better or value');
  return value as unknown as Manifest;
}

function isEntry(value: unknown): value is ManifestEntry {
  return isObject(value) && isCount(value.bytes) && typeof value.sha256 === 'string';
}

function isMetricValue(value: unknown): value is MetricValue {
  if (!isObject(value)) return false;
  const { name, better, value: number } = value;
  return (
    typeof name === 'string' && (better === 'lower' || better === 'higher') && typeof number === 'number'
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
