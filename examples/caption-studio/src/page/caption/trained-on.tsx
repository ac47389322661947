import { choose } from '../parts/tabs';
import { model } from '../state/engine';

/** What the model in use was trained on, said before anybody is disappointed. */
export function TrainedOn() {
  const now = model.value;
  if (!now) return null;
  return (
    <p class="trained-on">
      {learntBy(now.name, now.origin?.repository)}{' '}
      <button type="button" class="link" onClick={() => choose('model')}>
        More about the model
      </button>
    </p>
  );
}

function learntBy(name: string, repository: string | undefined): string {
  if (repository !== undefined) return `This is ${repository}, trained by its makers.`;
  if (name === 'shipped')
    return 'This model was trained on drawings of emoji and on nothing else. It names emoji in English; of photographs it knows nothing until you teach it.';
  if (name === 'taught') return 'This model knows what it knew before, and what you taught it.';
  return `This model is “${name}”, which you opened; its card says what it was trained on, where it has one.`;
}
