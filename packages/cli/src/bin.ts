#!/usr/bin/env node
import { exitOnSignals } from './interrupt';
import { guardStandardStreams } from './io/standard-streams';
import { run } from './program';

guardStandardStreams();
exitOnSignals();

run(process.argv.slice(2)).then(code => {
  process.exitCode = code;
});
