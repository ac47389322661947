import { count, timeLeft } from '../parts/format';
import { latestStep, secondsAStep, status } from '../state/teach';

const words = {
  idle: 'Not trained yet',
  running: 'Learning',
  paused: 'Paused',
  done: 'Done',
  failed: 'Stopped by a failure',
};

export function Progress() {
  const now = status.value;
  const step = now.state === 'running' ? (latestStep.value?.step ?? now.step) : 'step' in now ? now.step : 0;
  const steps = 'steps' in now ? now.steps : 0;
  const pace = secondsAStep.value;
  const seconds = pace !== undefined && now.state === 'running' ? (steps - step) * pace : undefined;
  return (
    <div class="training">
      <p class="state" role="status">
        {words[now.state]}
        {steps > 0 && now.state !== 'running' && ` at step ${count(step)} of ${count(steps)}`}
      </p>
      <progress aria-label="Steps taken" value={step} max={Math.max(steps, 1)} />
      <dl class="facts-row">
        <Fact term="Step" value={steps > 0 ? `${count(step)} / ${count(steps)}` : '–'} />
        <Fact term="Time left" value={seconds === undefined ? '–' : timeLeft(seconds)} />
        <Fact term="Pictures a second" value={latestStep.value?.rowsPerSecond.toFixed(1) ?? '–'} />
      </dl>
    </div>
  );
}

function Fact({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  );
}
