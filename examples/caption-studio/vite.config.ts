import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig, type Plugin } from 'vite';
import { sourceAliases } from '../../scripts/source-aliases.ts';

/**
 * What the page and its workers may do. `connect-src` is the page's promise, kept by the browser: nothing can be sent anywhere. A worker
 * has the policy of its own response, not that of the page, so a policy in `index.html` alone would not bind the engine.
 */
const policyOf = (connect: string) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src ${connect}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
const policy = policyOf("'self'");

/** The one worker that may ask other machines, for a checkpoint whose address the visitor gave; it never sees a picture. */
const isFetcher = (path: string) => /(^|\/)assets\/fetcher-[^/]*\.js$/.test(path);
const fetcherPolicy = policyOf("'self' https: http:");

/** Headers of every response. */
const headers = {
  // Cross-origin isolation, without which a browser gives no shared memory, and wasm no threads.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  // Browsers ignore `frame-ancestors` in a page: it works as a header only.
  'content-security-policy': `${policy}; frame-ancestors 'none'`,
  // A file is what its content-type says, so a picture can never run as a script.
  'x-content-type-options': 'nosniff',
};

/** Writes the policy into the page, for static hosts that do not send our headers. */
function policyInPage(): Plugin {
  return {
    name: 'policy-in-page',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: policy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Gives the fetcher its own policy where `vite preview` serves the page. */
function fetcherHeaders(): Plugin {
  return {
    name: 'fetcher-headers',
    configurePreviewServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        if (isFetcher(request.url ?? '')) {
          const { setHeader } = response;
          response.setHeader = (name, value) =>
            setHeader.call(
              response,
              name,
              name.toLowerCase() === 'content-security-policy' ? fetcherPolicy : value,
            );
        }
        next();
      });
    },
  };
}

/** Writes `_headers`, which several static hosts read: a path, then the headers of every response below it. */
function headersFile(): Plugin {
  return {
    name: 'headers-file',
    apply: 'build',
    generateBundle() {
      const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
      // Of two policies a browser obeys both: the general one is taken away first.
      const fetcher = `/assets/fetcher-*\n  ! content-security-policy\n  content-security-policy: ${fetcherPolicy}\n`;
      this.emitFile({ type: 'asset', fileName: '_headers', source: `/*\n${lines.join('')}${fetcher}` });
    },
  };
}

/**
 * Tells the service worker (`public/service-worker.js`) what to keep at once: all files of the page but the weights, which are
 * kept when they are first loaded, with a progress bar.
 */
function shell(): Plugin {
  return {
    name: 'shell',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter(name => !/\.(safetensors|html)$|^_headers$/.test(name));
      const version = createHash('sha256').update(files.sort().join('\n')).digest('hex').slice(0, 16);
      const source = `self.shell = ${JSON.stringify({ version, files: ['./', 'icon.svg', 'manifest.webmanifest', ...files], headers, fetcherPolicy })};\n`;
      this.emitFile({ type: 'asset', fileName: 'shell.js', source });
    },
  };
}

const weights = createRequire(import.meta.url).resolve(
  '@simvlm/checkpoint-emoji/checkpoint/weights.safetensors',
);

export default defineConfig({
  base: './',
  // The packages' sources, so that the page needs no build of them; of libtorch a browser gets the word that there is none.
  resolve: { alias: sourceAliases({ '@simvlm/backend-native': 'packages/backend-native/src/browser.ts' }) },
  plugins: [policyInPage(), shell(), headersFile(), fetcherHeaders()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Many hosts compress what they send, and then do not say how much it will be.
  define: { 'import.meta.env.WEIGHTS_BYTES': statSync(weights).size },
  worker: { format: 'es' },
  // An inlined file would be a data: address, which the policy does not let the engine read.
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 2_000 },
  // In development Vite's client needs inline scripts, styles and a socket, so there is no policy.
  server: { host: '127.0.0.1', headers: { ...headers, 'content-security-policy': '' } },
  preview: { host: '127.0.0.1', port: 4173, headers },
});
