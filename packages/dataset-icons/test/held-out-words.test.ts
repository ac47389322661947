import { expect, test } from 'vitest';
import { heldOutWords } from '../src/held-out-words';

const isHeldOut = heldOutWords(['woman: dark skin tone'], ['light bulb', "men's room", 'up-right arrow']);

test.each([
  'light bulb',
  'bulb-light',
  'light-bulbs',
  'lightbulb',
  'lightbulb-off',
  'a bulb that gives light',
  'LightBulb',
  'arrow-up-right',
  'mens-room',
  'old woman dark skin tone',
])('"%s" says what is held out', text => {
  expect(isHeldOut([text])).toBe(true);
});

test.each(['light', 'bulbs', 'flash light', 'arrow up', 'dark woman', 'woman tone dark skin'])(
  '"%s" does not',
  text => {
    expect(isHeldOut([text])).toBe(false);
  },
);

test('the words of a concept may stand in several captions of an icon', () => {
  expect(isHeldOut(['bulb', 'bulb, light sources'])).toBe(true);
});
