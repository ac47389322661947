import { expose } from 'comlink';
import captions from '../../rehearsal/captions.json';
import pictures from '../../rehearsal/pictures.webp?url';
import { Backend } from './backend';
import { download } from './download';
import { openRehearsal } from './rehearsal';
import { remoteFetch } from './remote-fetch';
import { shippedAddresses } from './shipped';
import { StudioStorage } from './storage';
import { StudioEngine } from './studio-engine';

const query = new URLSearchParams(self.name);
const prefer = query.get('backend');

expose(
  new StudioEngine({
    backend: new Backend({ software: query.get('software') === '1', ...(prefer && { prefer }) }),
    storage: new StudioStorage(),
    shipped: onProgress => download(shippedAddresses, onProgress),
    rehearsal: async () => {
      const files = await download({ pictures }, () => {});
      return openRehearsal(files.get('pictures')!, captions);
    },
    fetch: remoteFetch,
  }),
);
