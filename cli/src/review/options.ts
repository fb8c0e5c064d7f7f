import { Danger } from 'cdk8s-secure-debug';
import { wrongUse } from '../errors';
import { plain } from '../text';

/** How a review is printed. */
export interface FormatOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly html?: boolean;
  readonly sarif?: boolean;
}

/** At most one format. */
export function checkFormat({ json, markdown, html, sarif }: FormatOptions): void {
  const given = [json && '--json', markdown && '--markdown', html && '--html', sarif && '--sarif'].filter(Boolean);
  if (given.length > 1) wrongUse(`${given.join(' and ')} contradict each other. Fix: give one of them.`);
}

/** A danger by its name. */
export function dangerOf(option: string, text: string): Danger {
  const danger = Object.values(Danger).find(one => one === text);
  return danger ?? wrongUse(`${option} ${plain(text)} is none. Fix: write ${Object.values(Danger).join(', ')}.`);
}

/** The day by which acceptances end: as given, else that of the clock, in UTC. */
export function dayOf(text: string | undefined): string {
  if (text === undefined) return new Date().toISOString().slice(0, 10);
  const day = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text) {
    wrongUse(`--today ${plain(text)} is no day. Fix: write it as 2026-03-01.`);
  }
  return text;
}
