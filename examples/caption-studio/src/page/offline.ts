/** Installs the service worker, which makes the page work without a network from then on; the engine keeps its weights itself. */
export async function keepOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('./service-worker.js');
  } catch (error) {
    // A private window may forbid it; all else works without.
    console.warn('not kept for offline use:', error);
  }
}
