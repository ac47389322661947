/** One line of a benchmark. `ratio` above 1 means that ours is better. */
export interface BenchRow {
  readonly what: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  readonly unit: string;
  readonly ratio: number | null;
}

export interface BenchResult {
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly BenchRow[];
  readonly notes?: readonly string[];
}

/** What a benchmark may be told on the command line; each looks at what concerns it. */
export interface BenchOptions {
  /** Little text and few rounds, to see whether everything runs. */
  readonly quick: boolean;
  /** Names of parts, separated by commas; all without it. */
  readonly part?: string | undefined;
  readonly bpe: boolean;
}

/** A row where less is better (times): the ratio is peer / ours. */
export function timeRow(
  what: string,
  ours: number,
  peer?: { name: string; value: number },
  unit = 'ms',
): BenchRow {
  return {
    what,
    ours,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    unit,
    ratio: peer ? peer.value / ours : null,
  };
}

/** A row where more is better (rates): the ratio is ours / peer. */
export function rateRow(
  what: string,
  ours: number,
  peer: { name: string; value: number } | undefined,
  unit: string,
): BenchRow {
  return {
    what,
    ours,
    peer: peer?.value ?? null,
    peerName: peer?.name ?? null,
    unit,
    ratio: peer ? ours / peer.value : null,
  };
}

/** The rows as an aligned text table. */
export function table(rows: readonly BenchRow[]): string {
  const number = (value: number | null) =>
    value === null ? '' : value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  const cells = [
    ['what', 'ours', 'peer', 'peer is', 'unit', 'ratio'],
    ...rows.map(row => [
      row.what,
      number(row.ours),
      number(row.peer),
      row.peerName ?? '',
      row.unit,
      row.ratio ? `${row.ratio.toFixed(2)}×` : '',
    ]),
  ];
  return aligned(cells);
}

/** Lines of cells, each column as wide as its widest. */
export function aligned(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map(row => row[column]!.length)));
  return cells
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
