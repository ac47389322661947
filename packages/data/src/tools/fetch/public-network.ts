import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { FetchFailure } from './failure';

/** What is not the public network: IANA's registries of special-purpose addresses. */
const SPECIAL: readonly [family: 'ipv4' | 'ipv6', network: string, bits: number][] = [
  ['ipv4', '0.0.0.0', 8],
  ['ipv4', '10.0.0.0', 8],
  ['ipv4', '100.64.0.0', 10],
  ['ipv4', '127.0.0.0', 8],
  ['ipv4', '169.254.0.0', 16],
  ['ipv4', '172.16.0.0', 12],
  ['ipv4', '192.0.0.0', 24],
  ['ipv4', '192.0.2.0', 24],
  ['ipv4', '192.88.99.0', 24],
  ['ipv4', '192.168.0.0', 16],
  ['ipv4', '198.18.0.0', 15],
  ['ipv4', '198.51.100.0', 24],
  ['ipv4', '203.0.113.0', 24],
  ['ipv4', '224.0.0.0', 3],
  ['ipv6', '::', 96],
  // These hold IPv4 addresses, private ones too.
  ['ipv6', '64:ff9b::', 96],
  ['ipv6', '64:ff9b:1::', 48],
  ['ipv6', '::ffff:0:0:0', 96],
  ['ipv6', '2001::', 23],
  ['ipv6', '2002::', 16],
  ['ipv6', '100::', 64],
  ['ipv6', '2001:db8::', 32],
  ['ipv6', '3fff::', 20],
  ['ipv6', '5f00::', 16],
  ['ipv6', 'fc00::', 7],
  ['ipv6', 'fe80::', 10],
  ['ipv6', 'fec0::', 10],
  ['ipv6', 'ff00::', 8],
];

const special = new BlockList();
for (const [family, network, bits] of SPECIAL) special.addSubnet(network, bits, family);

/** Whether an address is one of the public network; one of IPv4 in IPv6 (`::ffff:10.0.0.1`) is what it holds. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !special.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** @throws FetchFailure for an address that states a private one itself: the system looks up names alone */
export function checkHost({ hostname }: URL): void {
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw new FetchFailure('private address');
}

/**
 * Looks up a name as the system does, and leaves out addresses that are not public. The connection goes to one of those that were checked, so that a
 * name server cannot give a public address first and a private one afterwards.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const open = error ? [] : addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    const failure = error ?? (first ? null : new FetchFailure('private address'));
    if (failure || !first) callback(failure as NodeJS.ErrnoException, '');
    else if (options.all) callback(null, open);
    else callback(null, first.address, first.family);
  });
};
