export const written: URL;
export function compiled(): Promise<string>;
