import { AboutView } from './about/about-view';
import { CaptionView, captionFiles } from './caption/caption-view';
import { ModelView, modelFiles } from './model/model-view';
import { Icon } from './parts/icon';
import { NoticeArea } from './parts/notice';
import { OtherTab } from './parts/other-tab';
import { DropHint, type PageFiles, usePageFiles } from './parts/page-files';
import { StartProgress } from './parts/start-progress';
import { choose, selectedOf, type Tab, TabList, TabPanels } from './parts/tabs';
import { ThemeSwitch } from './parts/theme-switch';
import { backend } from './state/engine';
import { teachFiles } from './teach/lesson-files';
import { TeachView } from './teach/teach-view';

const tabs: readonly (Tab & { readonly files?: PageFiles })[] = [
  { id: 'caption', label: 'Caption', View: CaptionView, files: captionFiles },
  { id: 'teach', label: 'Teach', View: TeachView, files: teachFiles },
  { id: 'model', label: 'Model', View: ModelView, files: modelFiles },
  { id: 'about', label: 'About', View: AboutView },
];

const names = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'plain JavaScript' };

export function App() {
  const { files } = selectedOf(tabs);
  usePageFiles(files);
  return (
    <>
      <header class="top">
        <h1>
          <img src="./icon.svg" alt="" width="36" height="36" />
          Caption Studio
        </h1>
        <TabList tabs={tabs} label="Views" />
        <ThemeSwitch />
      </header>
      <main>
        <OtherTab />
        <NoticeArea />
        <StartProgress />
        <BackendNote />
        <TabPanels tabs={tabs} />
      </main>
      <footer class="bottom">
        <Icon name="lock" />
        Pictures, captions and training stay on this machine: the page is not allowed to send anything.
      </footer>
      <DropHint files={files} />
    </>
  );
}

/** Says plainly that there is no WebGPU; how fast the page is depends on it more than on all else. */
function BackendNote() {
  const now = backend.value;
  if (!now || now.name === 'webgpu') return null;
  return (
    <p class="backend-note">
      <Icon name="chip" />
      <span>
        No WebGPU here, so this page computes with {names[now.name]} ({now.detail}): captions are as good,
        teaching is slower.{' '}
        <button type="button" class="link" onClick={() => choose('about')}>
          Why?
        </button>
      </span>
    </p>
  );
}
