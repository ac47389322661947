import { fewerToned, pictureOf, type TaskExample, type TaskPictures } from './task-pictures';

/**
 * Pictures with their class: Unicode's group or subgroup.
 *
 * ```
 * { id: 'noto/1f98b', text: 'butterfly', fields: { label: 'animal-bug' } }
 * ```
 */
export function classes({ pictures }: TaskPictures, of: 'group' | 'subgroup'): TaskExample[] {
  return fewerToned(pictures).map(index => {
    const item = pictures.items[index]!;
    return {
      ...{ id: item.id, text: item.label, fields: { label: item[of] } },
      pictures: [pictureOf(pictures, index)],
    };
  });
}
