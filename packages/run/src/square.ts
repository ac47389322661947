import type { Fit } from '@simvlm/image';
import { type PictureSquare, pictureSquare, type SimVlmConfig } from '@simvlm/model';
import type { RunConfig } from './config/schema';
import { sourceList } from './config/sources';

/**
 * How pictures become square for a trained model: as it says itself, else as those that its run validated on, else as the first that the run
 * trained on.
 *
 * @param run none of a model that was imported
 */
export function modelSquare(
  model: Pick<SimVlmConfig, 'imageSize' | 'picture'>,
  run: RunConfig | undefined,
): PictureSquare {
  return pictureSquare(model, run && runFit(run));
}

function runFit({ data: { train, val } }: RunConfig): Fit {
  const first = sourceList(val ?? train)[0]!;
  return (typeof first === 'object' && first.fit) || 'crop';
}
