/** Line drawings on a grid of 24, in the colour of the text around them; words beside them or a label say what they mean. */
const shapes = {
  picture: ['M4 5h16v14H4z', 'M4 16l5-5 4 4 3-3 4 4', 'M15.5 9h.01'],
  camera: ['M4 8h3l2-3h6l2 3h3v11H4z', 'M12 10a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4'],
  paste: ['M9 4h6v3H9z', 'M9 5H6v15h12V5h-3', 'M9 12h6', 'M9 16h4'],
  folder: ['M3 6h6l2 2h10v11H3z'],
  download: ['M12 4v11', 'M7 11l5 5 5-5', 'M4 20h16'],
  upload: ['M12 16V5', 'M7 9l5-5 5 5', 'M4 20h16'],
  play: ['M7 5l12 7-12 7z'],
  pause: ['M8 5v14', 'M16 5v14'],
  reset: ['M4 5v5h5', 'M4.6 10A8 8 0 1 1 4 14'],
  undo: ['M9 5L4 10l5 5', 'M4 10h10a5 5 0 0 1 0 10h-4'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  plus: ['M12 5v14', 'M5 12h14'],
  moon: ['M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z'],
  sun: [
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8',
    'M12 2v2',
    'M12 20v2',
    'M2 12h2',
    'M20 12h2',
    'M5 5l1.4 1.4',
    'M17.6 17.6L19 19',
    'M19 5l-1.4 1.4',
    'M6.4 17.6L5 19',
  ],
  lock: ['M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
  chip: [
    'M7 7h10v10H7z',
    'M10 3v4',
    'M14 3v4',
    'M10 17v4',
    'M14 17v4',
    'M3 10h4',
    'M3 14h4',
    'M17 10h4',
    'M17 14h4',
  ],
  alert: ['M12 4l9 16H3z', 'M12 10v4', 'M12 17h.01'],
  check: ['M5 12.5l4.5 4.5L19 7.5'],
  eye: [
    'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z',
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6',
  ],
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      {shapes[name].map(d => (
        <path key={d} d={d} />
      ))}
    </svg>
  );
}
