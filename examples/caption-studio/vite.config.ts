import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig, type Plugin } from 'vite';

/**
 * What the page may do, as headers of every response: threads need the first two (cross-origin isolation), and the third is the
 * promise of the page, kept by the browser: nothing can be sent anywhere. A worker has the policy of its own response, not that of the
 * page, so the policy in `index.html` alone would not bind the engine.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'content-security-policy': policy,
};

/** Writes the policy into the page, for hosts of static files that send no headers of ours. */
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

/**
 * Tells the service worker (`public/service-worker.js`) what to keep at once: all that the page is made of but the weights, which are
 * kept when they are loaded for the first time, with a progress bar.
 */
function shell(): Plugin {
  return {
    name: 'shell',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter(name => !/\.(safetensors|html)$/.test(name));
      const version = createHash('sha256').update(files.sort().join('\n')).digest('hex').slice(0, 16);
      const source = `self.shell = ${JSON.stringify({ version, files: ['./', 'icon.svg', 'manifest.webmanifest', ...files], headers })};\n`;
      this.emitFile({ type: 'asset', fileName: 'shell.js', source });
    },
  };
}

const weights = createRequire(import.meta.url).resolve(
  '@simvlm/checkpoint-emoji/checkpoint/weights.safetensors',
);

export default defineConfig({
  base: './',
  plugins: [policyInPage(), shell()],
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
