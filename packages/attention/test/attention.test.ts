import { describeAttention } from '@simvlm/conformance';

// tfjs's CPU backend has no kernel of ours: these are the references.
describeAttention('cpu', async () => {});
