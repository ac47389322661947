import { describeOps } from '@simvlm/conformance';

// tfjs's CPU backend has no kernel of ours: these are the references.
describeOps('cpu', async () => {});
