/** The head of the first page, whose text is docs/README.md. */
export const home = {
  layout: 'home',
  hero: {
    name: 'SimVLM',
    text: 'Teach a model to describe your pictures',
    tagline:
      'Train, evaluate and run vision-language models in TypeScript: on the command line, in Node, in a web page. No Python, no server, no GPU needed.',
    image: { src: '/logo.svg', alt: '' },
    actions: [
      { theme: 'brand', text: 'Caption your photos', link: '/guides/photos' },
      { theme: 'alt', text: 'Command line', link: '/cli' },
      { theme: 'alt', text: 'API', link: '/api/' },
    ],
  },
  features: [
    {
      title: 'My photos',
      details: 'Caption pictures on the command line, then teach the model twelve of your own.',
      link: '/guides/photos',
      linkText: 'Start here',
    },
    {
      title: 'My Node app',
      details: 'Load a model and caption pictures from a program of your own.',
      link: '/guides/node',
      linkText: 'Write the program',
    },
    {
      title: 'My web page',
      details: 'Run the model in the browser of your visitors; pictures never leave it.',
      link: '/guides/page',
      linkText: 'Build the page',
    },
    {
      title: 'My plug-in',
      details: 'Add a data source, a task, a patcher or a backend from outside.',
      link: '/guides/plugin',
      linkText: 'Add a part',
    },
  ],
};
