import { runName } from '@simvlm/core';
import { InvalidArgumentError } from 'commander';

/** Parsers of option values. They throw what commander prints beside the option's name. */

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('give a whole number, 0 or more.');
  return value;
}

export function wholeNumberUpTo(most: number): (text: string) => number {
  return text => {
    const value = wholeNumber(text);
    if (value > most) throw new InvalidArgumentError(`give a whole number from 0 to ${most}.`);
    return value;
  };
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('give a whole number, 1 or more.');
  return value;
}

/** For what takes memory and time in proportion. */
export function countUpTo(most: number): (text: string) => number {
  return text => {
    const value = count(text);
    if (value > most)
      throw new InvalidArgumentError(`give a whole number from 1 to ${most.toLocaleString('en')}.`);
    return value;
  };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** `20MB`, `1.5GiB`, `4096`. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMG]i?B)?\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
  if (!(bytes >= 1) || !Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('give a number of bytes, such as 4096, 20MB or 1GiB.');
  return bytes;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('give a number above 0.');
  return value;
}

export function numberFrom0(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value))
    throw new InvalidArgumentError('give a number, 0 or more.');
  return value;
}

export function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('give a number above 0, 1 at most.');
  return value;
}

export function nameOfRun(text: string): string {
  if (!runName.accepts(text)) throw new InvalidArgumentError(`give ${runName.expected}.`);
  return text;
}

/** For an option that is given several times. */
export function collect(value: string, list: readonly string[]): string[] {
  return [...list, value];
}
