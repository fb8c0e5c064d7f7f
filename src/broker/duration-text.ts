import { Duration } from 'cdk8s';

/** E.g. `1h30m`; undefined when it is no Duration. */
export function durationText(duration: Duration): string | undefined {
  if (typeof duration?.toMilliseconds !== 'function') return undefined;
  const seconds = duration.toMilliseconds({ integral: false }) / 1000;
  if (!Number.isInteger(seconds)) return `${seconds}s`;
  const parts: [number, string][] = [[Math.floor(seconds / 3600), 'h'], [Math.floor(seconds / 60) % 60, 'm'], [seconds % 60, 's']];
  return parts.filter(([amount]) => amount !== 0).map(([amount, unit]) => `${amount}${unit}`).join('') || '0s';
}

/** The duration that a text says, which the schema has let pass. */
export function durationOf(text: string): Duration {
  const units: { [unit: string]: number } = { h: 3600, m: 60, s: 1 };
  return Duration.seconds([...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit], 0));
}
