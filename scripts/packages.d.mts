export const root: string;
export const packages: readonly { folder: string; name: string; manifest: Record<string, unknown> }[];
