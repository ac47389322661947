import { FILES } from '@simvlm/checkpoint';
import { imagePixels } from '@simvlm/data';
import { squareImage } from '@simvlm/image';
import { doubtFile, featureRows, modelSquare } from '@simvlm/run';
import type { LoadedModel } from './model-store';
import type { Drawing } from './rehearsal';

/** How a model tells what it does not know once these lessons are learnt: a file of its checkpoint, none where it never could. */
export async function doubtAfter(
  { model, run, doubt }: LoadedModel,
  lessons: readonly Drawing[],
): Promise<[name: string, bytes: Uint8Array][]> {
  if (!doubt) return [];
  const square = modelSquare(model.config, run);
  const taught = [...(doubt.taught ?? [])];
  for (const { image } of lessons) {
    const images = imagePixels([squareImage(image, square)]);
    const [said] = await model.generate({ images });
    const [features] = featureRows(await model.features(images));
    taught.push({ features: [...features!], surprise: -said!.logProb });
  }
  return [[FILES.doubt, doubtFile({ ...doubt, taught })]];
}
