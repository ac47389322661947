import type { StoredFile, StoredRepository } from './repository';

/** A request that came in. */
export interface HubRequest {
  /** Of the two hosts. */
  readonly host: 'hub' | 'storage';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface HubReply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

interface Hub {
  readonly repositories: ReadonlyMap<string, StoredRepository>;
  readonly token: string | undefined;
  readonly pageSize: number;
  /** Addresses of the two hosts. */
  readonly hub: string;
  readonly storage: string;
}

/** As huggingface.co answers: https://huggingface.co/docs/hub/api, and what its own clients read of the headers. */
export function answerHub(request: HubRequest, hub: Hub): HubReply {
  const url = new URL(request.path, 'http://any');
  const path = decodeURIComponent(url.pathname);
  if (request.host === 'storage') return fromStorage(request, url, hub);
  const info = /^\/api\/models\/([^/]+\/[^/]+)(?:\/revision\/(.+))?$/.exec(path);
  const tree = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(path);
  const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
  const small = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(path);
  const [, name = '', revision = 'main', file = ''] = tree ?? resolve ?? small ?? info ?? [];
  const repository = hub.repositories.get(name);
  const isKnown = hub.token !== undefined && request.authorization === `Bearer ${hub.token}`;
  if (!repository || (repository.isPrivate && !isKnown))
    return refuse(isKnown ? 404 : 401, 'RepoNotFound', 'Repository Not Found');
  const commit = repository.branches.get(revision) ?? revision;
  const files = repository.commits.get(commit);
  if (!files) return refuse(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
  if (tree) return treeOf(name, commit, files, Number(url.searchParams.get('cursor') ?? 0), hub);
  if (!resolve && !small) return json({ _id: '1', id: name, sha: commit, private: false, siblings: [] });
  if (repository.isGated && !isKnown)
    return refuse(401, 'GatedRepo', `Access to model ${name} is restricted.`);
  const found = files.get(file);
  const headers = { 'x-repo-commit': commit };
  if (!found)
    return {
      ...refuse(404, 'EntryNotFound', 'Entry not found'),
      headers: { ...headers, 'x-error-code': 'EntryNotFound' },
    };
  const etag = `"${found.sha256 ?? found.oid}"`;
  if (small) return { status: 200, headers: { ...headers, etag }, body: found.bytes };
  const linked = { 'x-linked-etag': etag, 'x-linked-size': String(found.bytes.length) };
  const location = found.sha256
    ? `${hub.storage}/${found.sha256}?signature=secret`
    : `/api/resolve-cache/models/${name}/${commit}/${encodeURIComponent(file)}`;
  return { status: found.sha256 ? 302 : 307, headers: { ...headers, ...linked, location } };
}

/** Large files, for whoever has a signed address. A token has no business here. */
function fromStorage({ authorization }: HubRequest, url: URL, { repositories }: Hub): HubReply {
  if (authorization !== undefined) return { status: 400 };
  if (url.searchParams.get('signature') !== 'secret') return { status: 403 };
  for (const { commits } of repositories.values())
    for (const files of commits.values())
      for (const { sha256, bytes } of files.values())
        if (url.pathname === `/${sha256}`)
          return { status: 200, headers: { etag: `"${sha256?.slice(0, 32)}"` }, body: bytes };
  return { status: 404 };
}

/** A page of a listing, folders included, and the address of the next. */
function treeOf(
  name: string,
  commit: string,
  files: ReadonlyMap<string, StoredFile>,
  begin: number,
  { pageSize, hub }: Hub,
): HubReply {
  const folders = new Set(
    [...files.keys()].filter(path => path.includes('/')).map(path => path.replace(/\/[^/]*$/, '')),
  );
  const entries = [
    ...[...folders].map(path => ({ type: 'directory', path, oid: commit, size: 0 })),
    ...[...files].map(([path, { bytes, oid, sha256 }]) => ({
      ...{ type: 'file', path, oid, size: bytes.length },
      ...(sha256 && { lfs: { oid: sha256, size: bytes.length, pointerSize: 134 } }),
    })),
  ];
  const end = begin + pageSize;
  const next = `<${hub}/api/models/${name}/tree/${commit}?recursive=true&expand=false&cursor=${end}>; rel="next"`;
  const page = json(entries.slice(begin, end));
  return end < entries.length ? { ...page, headers: { ...page.headers, link: next } } : page;
}

function json(value: unknown): HubReply {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status: 200, headers, body: new TextEncoder().encode(JSON.stringify(value)) };
}

function refuse(status: number, code: string, message: string): HubReply {
  return {
    ...json({ error: message }),
    status,
    headers: { 'x-error-code': code, 'x-error-message': message },
  };
}
