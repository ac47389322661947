import { join } from 'node:path';
import { Random, type RgbImage } from '@simvlm/core';
import { exactMatch } from '@simvlm/eval';
import { readMetrics, type SplitResult } from '@simvlm/run/node';
import { smooth, thin } from '@simvlm/run/report';
import sharp from 'sharp';
import { openOutput } from '../io/output-file';
import { type ReportPicture, reportHtml } from './html';
import { scoreTable } from './score-table';

/** Pictures of a split on the contact sheet. */
const SHEET = 36;

export interface ReportInput {
  readonly title: string;
  readonly summary: readonly (readonly [string, string])[];
  readonly results: readonly SplitResult[];
  readonly attribution: readonly string[];
}

/** Writes `report.html` into a run folder from its `metrics.jsonl` and what was evaluated. Returns its path. */
export async function writeReport(folder: string, input: ReportInput): Promise<string> {
  const { steps } = await readMetrics(folder);
  const losses = thin(steps.map(({ step, loss }) => [step, loss] as const));
  const sheets = [];
  for (const result of input.results)
    sheets.push({ name: `${result.name} (${result.count} pictures)`, pictures: await contactSheet(result) });
  const html = reportHtml({
    title: input.title,
    summary: input.summary,
    curves: [
      { name: 'each step', colour: 'light-dark(#c3cbd9, #3d4757)', points: losses },
      { name: 'smoothed', colour: 'light-dark(#2456c9, #7fa8ff)', points: smooth(losses, 12) },
    ],
    scores: scoreTable(input.results),
    sheets,
    attribution: input.attribution,
  });
  const report = await openOutput(join(folder, 'report.html'), 'choose another run with --name');
  await report.write(html);
  return report.path;
}

/** Pictures drawn at random, with a fixed seed, from all that were captioned: no choosing. */
async function contactSheet({ name, pictures, predictions }: SplitResult): Promise<ReportPicture[]> {
  const order = Random.fromSeed(0).fork(`sheet ${name}`).permutation(predictions.length);
  const sheet: ReportPicture[] = [];
  for (const index of order.subarray(0, SHEET)) {
    const { truth, text } = predictions[index]!;
    const { image } = await pictures.get(index);
    if (image)
      sheet.push({ source: await dataUri(image), truth, caption: text, right: exactMatch(text, truth) });
  }
  return sheet;
}

async function dataUri({ width, height, data }: RgbImage): Promise<string> {
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
