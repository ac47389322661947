export { lineChart, type Series, smooth, thin } from './report/chart';
export { escapeHtml } from './report/escape';
export { comparisonHtml } from './report/report';
