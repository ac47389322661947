import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '@simvlm/core';

/** How the hub is reached and where its files are kept. */
export interface HubSettings {
  /** `HF_ENDPOINT`; default `https://huggingface.co`. */
  readonly endpoint: URL;
  /** `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in `~/.cache/huggingface`. */
  readonly cache: string;
  /** `HF_TOKEN`, else what the file of `HF_TOKEN_PATH` holds, else that of `token` in `HF_HOME`. A secret: sent to `endpoint` alone. */
  readonly token: string | undefined;
  /** `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`: nothing but the cache is used. */
  readonly offline: boolean;
  /** `HF_HUB_DISABLE_SYMLINKS`: files of the cache are copies. */
  readonly copies: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings of Hugging Face's own clients, from the variables that they read
 * (https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables), so that all use one cache and one token.
 *
 * @throws ConfigError for an address that is none
 */
export async function hubSettings(env: Environment = process.env): Promise<HubSettings> {
  const home = place(
    env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'),
    env,
  );
  return {
    endpoint: endpointOf(env.HF_ENDPOINT || 'https://huggingface.co'),
    cache: place(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'), env),
    token: isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN) ? undefined : await tokenOf(env, home),
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
    copies: isTrue(env.HF_HUB_DISABLE_SYMLINKS),
  };
}

function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new ConfigError('CONFIG_INVALID', `HF_ENDPOINT is "${text}", which is no http or https address`);
  return url;
}

/** A path with `~` and `$VARIABLE`, as Python's clients read it. */
function place(path: string, env: Environment): string {
  const home = path.replace(/^~(?=[/\\]|$)/, homedir());
  return resolve(home.replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, a, b) => env[a ?? b] ?? all));
}

async function tokenOf(env: Environment, home: string): Promise<string | undefined> {
  const given = clean(env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN || '');
  if (given) return given;
  const file = env.HF_TOKEN_PATH ? place(env.HF_TOKEN_PATH, env) : join(home, 'token');
  try {
    return clean(await readFile(file, 'utf8')) || undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigError('CONFIG_INVALID', `the token of the hub cannot be read: ${message}`, {
      cause: error,
    });
  }
}

/** Editors and secret stores add line breaks, which no header may have. */
function clean(token: string): string {
  return token.replace(/[\r\n]/g, '').trim();
}

function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
