/** The pages of the benchmark, built, and a server for them on this machine alone. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { progress } from '../lib/progress';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const cache = path('../../.cache/bench-webgpu');
const types: Record<string, string> = {
  ...{
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
    '.wasm': 'application/wasm',
  },
};

/** Builds and serves; ONNX Runtime, which is no part of the workspace, under `/onnxruntime/`. */
export async function startSite(port = 0): Promise<{ address: string; stop: () => void }> {
  installPeers();
  progress('building the pages');
  const site = join(cache, 'site');
  await build({
    root: path('page'),
    base: './',
    configFile: path('../../vitest.config.ts'),
    logLevel: 'error',
    build: {
      ...{ outDir: site, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 10_000 },
      rolldownOptions: { input: [path('page/index.html'), path('page/contender.html')] },
    },
  });
  const runtime = join(cache, 'node_modules/onnxruntime-web/dist');
  const server = createServer((request, response) => {
    const asked = normalize(new URL(request.url!, 'http://localhost').pathname);
    const file = asked.startsWith('/onnxruntime/')
      ? join(runtime, asked.slice('/onnxruntime/'.length))
      : join(site, asked.endsWith('/') ? `${asked}index.html` : asked);
    if (!existsSync(file)) response.writeHead(404).end();
    else
      response
        .writeHead(200, {
          'content-type': types[extname(file)] ?? 'application/octet-stream',
          // An isolated page has the finer clock.
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-embedder-policy': 'require-corp',
        })
        .end(readFileSync(file));
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  return { address, stop: () => server.close() };
}

/** Once; 150 MB that nobody needs who does not measure. */
function installPeers(): void {
  const [list, copy] = [path('peers/package.json'), join(cache, 'package.json')];
  const done = join(cache, 'node_modules', '.package-lock.json');
  if (existsSync(done) && readFileSync(copy, 'utf8') === readFileSync(list, 'utf8')) return;
  progress('installing onnxruntime-web');
  mkdirSync(cache, { recursive: true });
  copyFileSync(list, copy);
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: cache,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
