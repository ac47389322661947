import { numberTensors, SimVlm } from '@simvlm/model';
import { type OpenedCheckpoint, type WeightForm, weightsAs } from '@simvlm/run';
import { runRegistry } from '@simvlm/run/node';

/** The model of a checkpoint as it would be after `simvlm export --weights FORM`. The caller disposes it. */
export async function modelAs(opened: OpenedCheckpoint, form: WeightForm): Promise<SimVlm> {
  const registry = await runRegistry(undefined);
  const own = await opened.weights(registry);
  const { weights, model: config } = await weightsAs(own, opened.config, form, registry);
  const model = SimVlm.create(config, { init: 'zeros', registry });
  await model.loadTensors(numberTensors(weights, config, 'filters', registry));
  return model;
}
