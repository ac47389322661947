/**
 * The page without a network: keeps what the page is made of when it is installed, and gives out the weights that the engine has kept.
 * Hosts of static files that cannot send headers get them from here, from the second visit on.
 */
importScripts('shell.js'); // changes with every build, which makes the browser install this one anew

const { version, files, headers, fetcherPolicy } = self.shell;
const shellCache = `studio-shell-${version}`;

self.addEventListener('install', event => {
  event.waitUntil(
    caches
      .open(shellCache)
      .then(cache => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', event => {
  event.waitUntil(
    caches
      .keys()
      .then(names =>
        Promise.all(
          names
            .filter(name => name.startsWith('studio-shell-') && name !== shellCache)
            .map(name => caches.delete(name)),
        ),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', event => {
  const { method, url, mode } = event.request;
  if (method !== 'GET' || new URL(url).origin !== self.location.origin) return;
  event.respondWith(mode === 'navigate' ? page(event.request) : file(event.request));
});

/** The newest page where there is a network, else the kept one. */
async function page(request) {
  try {
    return withHeaders(await fetch(request));
  } catch (error) {
    const kept = await caches.match(new URL('./', self.location.href).href);
    if (!kept) throw error;
    return withHeaders(kept);
  }
}

/** Names carry a hash of the contents, so what is kept is never stale. */
async function file(request) {
  const response = (await caches.match(request, { ignoreVary: true })) ?? (await fetch(request));
  // The one worker that may ask other machines.
  const isFetcher = /\/assets\/fetcher-[^/]*\.js$/.test(new URL(request.url).pathname);
  return withHeaders(
    response,
    isFetcher ? { ...headers, 'content-security-policy': fetcherPolicy } : headers,
  );
}

function withHeaders(response, more = headers) {
  if (response.type === 'opaqueredirect' || response.status === 0) return response;
  const all = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) if (!all.has(name)) all.set(name, value);
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers: all,
  });
}
