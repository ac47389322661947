/** Downloads the weights of a repository, as a process of its own. */
import { hubSnapshot } from '@simvlm/pretrained/node';

await hubSnapshot(process.argv[2]!, { select: () => ['model.safetensors'], delays: [60_000] });
