import { execFileSync } from 'child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { BrokerPolicy } from '../../src';
import { refusal } from '../private/refusal';

const GOOD = '{"apiVersion": "secure-debug.internal/v1", "kind": "BrokerPolicy", "teams": [{"name": "payments", "namespaces": ["payments"], "onCall": ["oncall"]}]}';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'broker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (content: string | Uint8Array, name = 'broker.json') => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const teams = (path: string) => BrokerPolicy.fromFile(path).teams.map(({ name }) => name);
const refused = (path: string) => refusal(() => BrokerPolicy.fromFile(path)).replace(folder, 'FOLDER');

it('a file is read, also with a byte order mark, and through a link, as Kubernetes mounts ConfigMaps', () => {
  expect(teams(file(GOOD))).toEqual(['payments']);
  expect(teams(file(`\uFEFF${GOOD}`))).toEqual(['payments']);
  symlinkSync('broker.json', join(folder, 'link.json'));
  expect(teams(join(folder, 'link.json'))).toEqual(['payments']);
});

it('errors name the file as it was given, and columns do not count the mark', () => {
  const path = file('\uFEFF{"a": 1,}');
  expect(refusal(() => BrokerPolicy.fromFile(path))).toBe(`${path}:1:8: The comma is followed by }. Fix: remove it.`);
});

it('what is no readable file is told', () => {
  expect(refused(join(folder, 'none.json'))).toBe('BrokerPolicy.fromFile: path = "FOLDER/none.json" cannot be opened (ENOENT). Fix: give the path of a file that can be read.');
  expect(refused(folder)).toBe('BrokerPolicy.fromFile: path = "FOLDER" is no file. Fix: give the path of the policy, e.g. "broker.json".');
  expect(refused('')).toBe('BrokerPolicy.fromFile: path = "" is no path. Fix: give the path of the policy, e.g. "broker.json".');
  expect(refused('a\u0000b')).toMatch(/^BrokerPolicy\.fromFile: path = "a\\u0000b" cannot be opened/);
  symlinkSync('loop.json', join(folder, 'loop.json'));
  expect(refused(join(folder, 'loop.json'))).toMatch(/ cannot be opened \(ELOOP\)/);
  if (process.getuid?.() !== 0) {
    const path = file(GOOD, 'secret.json');
    chmodSync(path, 0);
    expect(refused(path)).toMatch(/ cannot be opened \(EACCES\)/);
  }
});

it('a named pipe without a writer is refused, not waited for', () => {
  const path = join(folder, 'pipe.json');
  execFileSync('mkfifo', [path]);
  expect(refused(path)).toMatch(/ is no file\. /);
});

it('what never ends, and what is larger than 1 MiB, is not read to its end', () => {
  expect(refused('/dev/zero')).toMatch(/ is no file\. /);
  expect(teams(file(GOOD.padEnd(1024 * 1024, ' ')))).toEqual(['payments']);
  expect(refused(file(GOOD.padEnd(1024 * 1024 + 1, ' ')))).toBe('BrokerPolicy.fromFile: path = "FOLDER/broker.json" is larger than 1 MiB, which nobody reviews. Fix: divide it among several policies.');
});

it('what is not UTF-8 is refused, not guessed', () => {
  expect(refused(file(Buffer.from(GOOD.replace('oncall', 'löncall'), 'latin1')))).toBe('BrokerPolicy.fromFile: path = "FOLDER/broker.json" is not UTF-8. Fix: save it as UTF-8.');
  expect(refused(file(Buffer.from(GOOD, 'utf16le')))).toMatch(/^FOLDER\/broker\.json:1:2: /);
});
