import { BeforeAfter } from './before-after';
import { Checkpoints } from './checkpoints';
import { Controls } from './controls';
import { KnowledgeCard } from './knowledge';
import { LessonList } from './lesson-list';
import { LossPlot } from './loss-plot';
import { Progress } from './progress';

export function TeachView() {
  return (
    <div class="teach-view">
      <LessonList />
      <div class="school">
        <section class="card" aria-labelledby="training-heading">
          <h2 id="training-heading">Training</h2>
          <Controls />
          <Progress />
          <LossPlot />
        </section>
        <BeforeAfter />
        <KnowledgeCard />
        <Checkpoints />
      </div>
    </div>
  );
}
