/**
 * Names by a pattern: whole names, in which `*` stands for any characters (`encoder.*.query`), dots included; nothing else is special.
 */
export function namePattern(pattern: string): RegExp {
  const parts = pattern.split('*').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
