import type { Plugin } from '@simvlm/core';
import { answersEvaluator } from './evaluators/answers';
import { captionEvaluator, cocoEvaluator } from './evaluators/captions';
import { choiceEvaluator, shuffledChoiceEvaluator } from './evaluators/choice';
import { nearestPixelsEvaluator } from './evaluators/nearest-pixels';
import { neighboursEvaluator } from './evaluators/neighbours';
import { probeEvaluator } from './evaluators/probe';
import { answerTask } from './tasks/answer';
import { classifyTask } from './tasks/classify';
import { pretrainTask } from './tasks/pretrain';

/** The tasks and evaluators of this project, as a plug-in. */
export const evalPlugin: Plugin = {
  name: '@simvlm/eval',
  setup(registry) {
    registry.register('task', 'pretrain', pretrainTask);
    registry.register('task', 'classify', classifyTask);
    registry.register('task', 'answer', answerTask);
    registry.register('evaluator', 'caption', captionEvaluator);
    registry.register('evaluator', 'coco', cocoEvaluator);
    registry.register('evaluator', 'choice', choiceEvaluator);
    registry.register('evaluator', 'shuffled-choice', shuffledChoiceEvaluator);
    registry.register('evaluator', 'nearest-pixels', nearestPixelsEvaluator);
    registry.register('evaluator', 'answers', answersEvaluator);
    registry.register('evaluator', 'neighbours', neighboursEvaluator);
    registry.register('evaluator', 'probe', probeEvaluator);
  },
};
