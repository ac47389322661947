import '@picocss/pico/css/pico.min.css';
import 'uplot/dist/uPlot.min.css';
import './styles/fonts.css';
import './styles/tokens.css';
import './styles/frame.css';
import './styles/caption.css';
import './styles/teach.css';
import './styles/about.css';
import './styles/forced-colors.css';
import { render } from 'preact';
import { App } from './app';
import { keepOffline } from './offline';
import { begin, watch } from './state/begin';
import { engine } from './state/engine';

render(<App />, document.getElementById('app')!);

// For tests, and for whoever looks at the page from the console.
Object.assign(globalThis, { studio: engine });

void keepOffline();
watch();
void begin();
