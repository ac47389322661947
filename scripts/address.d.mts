export function projectAddress(): string | undefined;
export function addressFields(address: string | undefined, folder: string): Record<string, unknown>;
