import { ConfigError } from '@simvlm/core';
import { describe, expect, test } from 'vitest';
import { localRank, processPlace } from './environment';

const torchrun = {
  WORLD_SIZE: '4',
  RANK: '3',
  LOCAL_RANK: '1',
  MASTER_ADDR: '10.0.0.7',
  MASTER_PORT: '29500',
};

describe('the place of a process', () => {
  test('is read from the variables of torchrun', () => {
    expect(processPlace(torchrun)).toEqual({ rank: 3, size: 4, host: '10.0.0.7', port: 29500 });
    expect(localRank(torchrun)).toBe(1);
  });

  test('knows a torchrun that listens itself', () => {
    const place = (value: string) => processPlace({ ...torchrun, TORCHELASTIC_USE_AGENT_STORE: value });
    expect(place('True')).toMatchObject({ launcherListens: true });
    expect(place('False')).toEqual(processPlace(torchrun));
  });

  test('is none for a process on its own', () => {
    expect(processPlace({})).toBeUndefined();
    expect(processPlace({ WORLD_SIZE: '1' })).toBeUndefined();
    expect(processPlace({ WORLD_SIZE: '', MASTER_ADDR: 'here' })).toBeUndefined();
    expect(localRank({})).toBe(0);
  });

  test.each(['RANK', 'MASTER_ADDR', 'MASTER_PORT', 'WORLD_SIZE'])('a missing %s is named', name => {
    const attempt = () => processPlace({ ...torchrun, [name]: undefined });
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(`the environment variable ${name} is missing, and `);
  });

  test.each([
    ['WORLD_SIZE', 'two', '1 to 1048576'],
    ['WORLD_SIZE', '0', '1 to 1048576'],
    ['WORLD_SIZE', '2.5', '1 to 1048576'],
    ['RANK', '4', '0 to 3'],
    ['RANK', '-1', '0 to 3'],
    ['RANK', '1e0', '0 to 3'],
    ['MASTER_PORT', '0', '1 to 65535'],
    ['MASTER_PORT', '65536', '1 to 65535'],
  ])('%s=%s is refused with what is allowed', (name, value, allowed) => {
    expect(() => processPlace({ ...torchrun, [name]: value })).toThrow(
      `the environment variable ${name} is "${value}"; it must be a whole number from ${allowed}`,
    );
  });

  test('a wrong LOCAL_RANK is refused', () => {
    expect(() => localRank({ LOCAL_RANK: 'x' })).toThrow(
      'LOCAL_RANK is "x"; it must be a whole number from 0',
    );
  });
});
