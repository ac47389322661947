/** @param {unknown} text */
const lastWord = text => String(text).trim().split(/\s+/).at(-1);

/**
 * The evaluator `last-word`: how often a caption ends with the right word, as "a cup of coffee" does for "my coffee".
 *
 * @type {import('@simvlm/core').Plugin}
 */
export default {
  name: 'last-word',
  setup(registry) {
    const caption = registry.get('evaluator', 'caption');
    registry.register('evaluator', 'last-word', async (subject, data, options, context) => {
      const { items = [] } = await caption(subject, data, options, context);
      const right = items.filter(({ text, references }) =>
        [references].flat().some(reference => lastWord(reference) === lastWord(text)),
      );
      return { metrics: { accuracy: right.length / items.length, count: items.length }, items };
    });
  },
};
