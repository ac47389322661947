/** Milliseconds after which a download no longer needs its address: the browser reads it after the click has returned. */
const READ = 60_000;

/** Gives the visitor a file. */
export function download(name: string, file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), READ);
}
