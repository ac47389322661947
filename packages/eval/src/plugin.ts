import type { Plugin } from '@simvlm/core';
import { answersEvaluator } from './evaluators/answers';
import { bleuEvaluator } from './evaluators/bleu';
import { captionEvaluator, cocoEvaluator } from './evaluators/captions';
import { choiceEvaluator, shuffledChoiceEvaluator } from './evaluators/choice';
import { labelsEvaluator } from './evaluators/labels';
import { nearestPixelsEvaluator } from './evaluators/nearest-pixels';
import { neighboursEvaluator } from './evaluators/neighbours';
import { probeEvaluator } from './evaluators/probe';
import { promptsEvaluator } from './evaluators/prompts';
import { regressionEvaluator } from './evaluators/regression';
import { vqaEvaluator } from './evaluators/vqa';
import { answerTask } from './tasks/answer';
import { captionTask } from './tasks/caption';
import { classifyTask } from './tasks/classify/classify';
import { glueTask } from './tasks/glue';
import { nlvr2Task } from './tasks/nlvr2';
import { pretrainTask } from './tasks/pretrain';
import { probeTask } from './tasks/probe';
import { snliVeTask } from './tasks/snli-ve';
import { translateTask } from './tasks/translate';
import { vqaTask } from './tasks/vqa';

/** The tasks and evaluators of this project, as a plug-in. */
export const evalPlugin: Plugin = {
  name: '@simvlm/eval',
  setup(registry) {
    registry.register('task', 'pretrain', pretrainTask);
    registry.register('task', 'classify', classifyTask);
    registry.register('task', 'answer', answerTask);
    registry.register('task', 'vqa', vqaTask);
    registry.register('task', 'nlvr2', nlvr2Task);
    registry.register('task', 'snli-ve', snliVeTask);
    registry.register('task', 'probe', probeTask);
    registry.register('task', 'glue', glueTask);
    registry.register('task', 'caption', captionTask);
    registry.register('task', 'translate', translateTask);
    registry.register('evaluator', 'caption', captionEvaluator);
    registry.register('evaluator', 'coco', cocoEvaluator);
    registry.register('evaluator', 'choice', choiceEvaluator);
    registry.register('evaluator', 'shuffled-choice', shuffledChoiceEvaluator);
    registry.register('evaluator', 'nearest-pixels', nearestPixelsEvaluator);
    registry.register('evaluator', 'answers', answersEvaluator);
    registry.register('evaluator', 'bleu', bleuEvaluator);
    registry.register('evaluator', 'prompts', promptsEvaluator);
    registry.register('evaluator', 'neighbours', neighboursEvaluator);
    registry.register('evaluator', 'probe', probeEvaluator);
    registry.register('evaluator', 'labels', labelsEvaluator);
    registry.register('evaluator', 'regression', regressionEvaluator);
    registry.register('evaluator', 'vqa', vqaEvaluator);
  },
};
