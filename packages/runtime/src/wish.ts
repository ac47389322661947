import { BackendError, type BackendProvider, ConfigError, didYouMean, type Precision } from '@simvlm/core';

/** What a caller asks for; each part may be left open. */
export interface Wish {
  /** The name of a backend. */
  readonly prefer?: string | undefined;
  /** `cpu`, `cuda`, `cuda:1`, … : see `BackendProvider.devices`. */
  readonly device?: string | undefined;
  readonly precision?: Precision | undefined;
}

/** What people write for the names that there are. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  gpu: 'cuda',
  nvidia: 'cuda',
  bf16: 'bfloat16',
  fp32: 'float32',
  f32: 'float32',
};

const devicesOf = ({ devices = ['cpu'] }: BackendProvider): readonly string[] => devices;
const precisionsOf = ({ precisions = ['float32'] }: BackendProvider): readonly Precision[] => precisions;

/**
 * Refuses what no machine could give: a backend, device or precision that nobody has, or that the backend asked for does not have.
 *
 * @throws BackendError `BACKEND_UNKNOWN`, ConfigError `CONFIG_INVALID`; the message names what there is
 */
export function checkWish(providers: readonly BackendProvider[], wish: Wish): void {
  const { prefer, device, precision } = wish;
  const named = providers.find(({ name }) => name === prefer);
  if (prefer !== undefined && !named) {
    const known = providers.map(({ name }) => name);
    throw new BackendError(
      'BACKEND_UNKNOWN',
      `no backend "${prefer}"; there are ${known.join(', ')}${didYouMean(prefer, known)}`,
    );
  }
  if (device !== undefined && !providers.some(provider => hasDevice(provider, device)))
    throw unknown('device', device, [...new Set(providers.flatMap(devicesOf))]);
  if (precision !== undefined && !providers.some(provider => precisionsOf(provider).includes(precision)))
    throw unknown('precision', precision, [...new Set(providers.flatMap(precisionsOf))]);

  if (providers.some(provider => (!named || provider === named) && !refusal(provider, wish))) return;
  const others = providers.filter(provider => !refusal(provider, wish)).map(({ name }) => name);
  const problem = named
    ? `the backend ${named.name} ${refusal(named, wish)}`
    : `no backend computes in ${precision} on the device "${device}"`;
  const advice = others.length > 0 ? `use ${others.join(' or ')}` : providers.map(abilities).join('; ');
  throw new ConfigError('CONFIG_INVALID', `${problem}: ${advice}`);
}

/** Why a provider cannot be what is wished for on any machine, to follow its name; undefined where it can. */
export function refusal(provider: BackendProvider, { device, precision }: Wish): string | undefined {
  if (device !== undefined && !hasDevice(provider, device))
    return `has no device "${device}", only ${devicesOf(provider).join(', ')}`;
  if (precision !== undefined && !precisionsOf(provider).includes(precision))
    return `does not compute in ${precision}, only in ${precisionsOf(provider).join(', ')}`;
  return undefined;
}

function hasDevice(provider: BackendProvider, device: string): boolean {
  return devicesOf(provider).some(
    name => name === device || (name.endsWith(':N') && name === device.replace(/:\d{1,4}$/, ':N')),
  );
}

function abilities(provider: BackendProvider): string {
  return `${provider.name}: ${precisionsOf(provider).join(', ')} on ${devicesOf(provider).join(', ')}`;
}

function unknown(what: string, given: string, known: readonly string[]): ConfigError {
  const other = OTHER_NAMES[given.toLowerCase()];
  // "cuda1" is a slip of "cuda:1".
  const number = /\d{1,4}$/.exec(given)?.[0];
  const candidates = number === undefined ? known : known.map(name => name.replace(/:N$/, `:${number}`));
  const hint =
    other !== undefined && known.includes(other)
      ? `; did you mean "${other}"?`
      : didYouMean(given, [...candidates].reverse());
  return new ConfigError('CONFIG_INVALID', `no ${what} "${given}"; there are ${known.join(', ')}${hint}`);
}
