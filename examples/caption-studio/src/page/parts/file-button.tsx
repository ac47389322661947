import { useRef } from 'preact/hooks';
import { Icon, type IconName } from './icon';

export interface FileButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly accept?: string;
  readonly multiple?: boolean;
  /** Asks for a folder instead of files. */
  readonly folder?: boolean;
  /** Opens the camera on a phone. */
  readonly capture?: boolean;
  readonly secondary?: boolean;
  readonly disabled?: boolean;
  readonly onFiles: (files: File[]) => unknown;
}

/** A button that asks for files: one for eyes, keys and screen readers, the browser's own behind it. */
export function FileButton({
  label,
  icon,
  folder,
  capture,
  secondary,
  disabled,
  onFiles,
  ...rest
}: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const chosen = () => {
    const files = [...input.current!.files!];
    // The same file can then be chosen again.
    input.current!.value = '';
    if (files.length > 0) onFiles(files);
  };
  return (
    <>
      <button
        type="button"
        class={secondary ? 'quiet' : ''}
        disabled={disabled}
        onClick={() => input.current!.click()}
      >
        <Icon name={icon} />
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        {...rest}
        {...(folder ? { webkitdirectory: true } : {})}
        {...(capture ? { capture: 'environment' } : {})}
        onChange={chosen}
      />
    </>
  );
}
