import { expect, test } from 'vitest';
import { failedTests, lastLines, lastToFirst } from './failures.mjs';

test('each test that failed is named with its file and the first lines of its message', () => {
  const passed = { status: 'passed', fullName: 'adds', failureMessages: [] };
  const failed = {
    status: 'failed',
    fullName: 'a model > trains',
    failureMessages: [
      'AssertionError: expected 1 to be 2\n\n- 2\n+ 1\n    at a.ts\n    at b.ts\n    at c.ts\n',
    ],
  };
  const reports = [
    {
      testResults: [
        { name: '/repo/packages/a/a.test.ts', status: 'failed', assertionResults: [passed, failed] },
        { name: '/repo/packages/a/b.test.ts', status: 'passed', assertionResults: [passed] },
      ],
    },
    {
      testResults: [
        { name: '/repo/c.test.ts', status: 'failed', message: 'SyntaxError: no', assertionResults: [] },
        {
          ...{ name: '/repo/before.test.ts', status: 'failed', message: 'beforeAll: no' },
          assertionResults: [{ ...passed, status: 'skipped' }],
        },
        { name: '/repo/d.test.ts', status: 'failed', assertionResults: [{ ...failed, failureMessages: [] }] },
      ],
    },
  ];
  expect(failedTests(reports, '/repo')).toEqual([
    [
      'packages/a/a.test.ts > a model > trains',
      ...['AssertionError: expected 1 to be 2', '- 2', '+ 1', '    at a.ts', '    at b.ts', '    at c.ts'],
    ].join('\n    '),
    'c.test.ts\n    SyntaxError: no',
    'before.test.ts\n    beforeAll: no',
    'd.test.ts > a model > trains\n    no message',
  ]);
});

test('of a check that prints much, the last lines', () => {
  const output = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
  expect(lastLines(`${output}\n\n`)).toBe(
    '\n    line 14\n    line 15\n    line 16\n    line 17\n    line 18\n    line 19',
  );
});

test('the first to fail stands last, however many there are', () => {
  expect(lastToFirst(['types', 'a test'])).toEqual(['a test', 'types']);
  const many = lastToFirst(Array.from({ length: 40 }, (_, i) => `failure ${i}`));
  expect([many.length, many[0], many[1], many.at(-1)]).toEqual([31, '10 more', 'failure 29', 'failure 0']);
});
