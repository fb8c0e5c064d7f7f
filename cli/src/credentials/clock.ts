import { duration } from '../text';

/** From here on a difference of clocks is worth a word: API servers and issuers allow less than this. */
const WORTH = 30_000;

/** What is wrong with the clock here; undefined when nothing is. */
export function clockFault(ahead: number, of: string): string | undefined {
  if (Math.abs(ahead) < WORTH) return undefined;
  return `The clock of this computer is ${duration(Math.abs(ahead) / 1_000)} ${ahead > 0 ? 'behind' : 'ahead of'} that of ${of}. Fix: set it by NTP; kubectl judges by it when a credential ends.`;
}

/** `17:30:00 UTC` today, else with the day. */
export function clockTime(time: number, now: number): string {
  const [day, hours] = new Date(time).toISOString().replace(/\.\d+Z$/, '').split('T');
  return new Date(now).toISOString().startsWith(day) ? `${hours} UTC` : `${hours} UTC on ${day}`;
}
