/**
 * Writes assets/time-zones.json: the rule by which each IANA time zone changes its clocks, from this machine's tzdata.
 * Run it when a new release of tzdata changes a rule; a test compares it with what Node.js knows.
 *
 *     npx tsx --tsconfig tsconfig.dev.json tools/time-zones.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'fs';
import { join, relative, resolve } from 'path';

const FOLDER = '/usr/share/zoneinfo';
/** Zones that follow a rule have no transition of their own after the last one that 32 bits can hold. */
const LAST_OF_32_BITS = 2 ** 31;

/** The rule at the end of a file of version 2 or newer (RFC 8536), and the last transition that is listed. */
function parse(file: Buffer): { rule: string; last: number } | undefined {
  if (file.subarray(0, 4).toString('latin1') !== 'TZif' || file[4] < 0x32) return undefined;
  const counts = (at: number) => [20, 24, 28, 32, 36, 40].map(offset => file.readUInt32BE(at + offset));
  const [utc, std, leaps, times, types, chars] = counts(0);
  const second = 44 + times * 5 + types * 6 + chars + leaps * 8 + std + utc;
  const [, , , count] = counts(second);
  const last = count === 0 ? -Infinity : Number(file.readBigInt64BE(second + 44 + (count - 1) * 8));
  const lines = file.toString('latin1').split('\n');
  return { rule: lines[lines.length - 2], last };
}

const version = /^# version (\S+)/.exec(readFileSync(join(FOLDER, 'tzdata.zi'), 'utf8'))![1];
const rules: { [rule: string]: string[] } = {};
const irregular: string[] = [];
for (const entry of readdirSync(FOLDER, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  const name = relative(FOLDER, path);
  if (entry.isDirectory() || /^(posix|right)\/|^(posixrules|localtime|Factory)$/.test(name)) continue;
  const found = parse(readFileSync(path));
  if (!found) continue;
  if (found.last > LAST_OF_32_BITS) irregular.push(name);
  else (rules[found.rule] ??= []).push(name);
}

const sorted = Object.fromEntries(Object.entries(rules).sort(([a], [b]) => a < b ? -1 : 1).map(([rule, names]) => [rule, names.sort().join(' ')]));
const content = { about: `IANA tzdata ${version}: zones by their rule (POSIX TZ, as in RFC 8536); irregular ones change by dates that no rule gives`, irregular: irregular.sort().join(' '), rules: sorted };
writeFileSync(resolve(__dirname, '..', 'assets', 'time-zones.json'), `${JSON.stringify(content, undefined, 1)}\n`);
