export { type MetricsWriter, type MetricsWriterOptions, metricsWriter } from './node/metrics-writer';
