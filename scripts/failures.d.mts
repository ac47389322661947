interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

export function isBroken(file: Report['testResults'][number]): boolean;
export function failedTests(reports: readonly Report[], root: string): string[];
export function lastLines(output: string): string;
export function lastToFirst(failures: readonly string[]): string[];
