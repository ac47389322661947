/** Says on stderr what is being done, so that a long benchmark is seen to live. */
export function progress(what: string): void {
  console.error(`… ${what}`);
}
