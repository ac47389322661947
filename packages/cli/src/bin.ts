#!/usr/bin/env node
import { guardStandardStreams } from './io/standard-streams';
import { exitOnSignals } from './pipeline/interrupt';
import { run } from './program';

guardStandardStreams();
exitOnSignals();

run(process.argv.slice(2)).then(code => {
  process.exitCode = code;
});
