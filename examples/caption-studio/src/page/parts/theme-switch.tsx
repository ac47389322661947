import { isDark, setDark } from '../state/theme';
import { Icon } from './icon';

export function ThemeSwitch() {
  const dark = isDark();
  return (
    <button
      type="button"
      class="plain"
      role="switch"
      aria-checked={dark}
      aria-label="Dark theme"
      title={dark ? 'Light theme' : 'Dark theme'}
      onClick={() => setDark(!dark)}
    >
      <Icon name={dark ? 'sun' : 'moon'} />
    </button>
  );
}
