export { type MetricsWriter, type MetricsWriterOptions, metricsWriter } from './node/metrics-writer';
export {
  type TensorBoardOptions,
  type TensorBoardWriter,
  tensorboardWriter,
} from './node/tensorboard/writer';
