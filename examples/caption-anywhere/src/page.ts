import { loadModel } from '@simvlm/run';

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const address = new URLSearchParams(location.search).get('model') ?? 'model/';
const model = await loadModel(address, {
  onProgress({ bytes, of }) {
    element<HTMLProgressElement>('progress').value = bytes / of;
  },
});
const input = element<HTMLInputElement>('picture');
input.onchange = async () => {
  const [caption] = await model.caption([input.files![0]!]);
  element('caption').textContent = caption!.text;
};
input.disabled = false;
