const percentage = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'under 1%';
  return percentage.format(share);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function milliseconds(ms: number): string {
  return ms < 1_000 ? `${whole.format(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Roughly how long something still takes, such as `40 s` and `3 min`. */
export function timeLeft(seconds: number): string {
  if (seconds < 5) return 'a moment';
  if (seconds < 90) return `${5 * Math.round(seconds / 5)} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** A number of things, such as `1 picture` and `1,200 pictures`. */
export function counted(n: number, thing: string): string {
  return `${whole.format(n)} ${thing}${n === 1 ? '' : 's'}`;
}

export const count = (n: number): string => whole.format(n);
export const large = (n: number): string => compact.format(n);
