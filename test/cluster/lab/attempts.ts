import { readFileSync, writeFileSync } from 'fs';
import { join, relative } from 'path';

const PROJECT = join(__dirname, '..', '..', '..');

/** The document, and the tests that it lists. */
export const ATTEMPTS = 'docs/what-is-refused.md';
const FOLDERS: { [folder: string]: string } = {
  'test/cluster/guardrails': 'Guardrails',
  'test/cluster/requests': 'Requests and break-glass',
};

/** The same, as patterns of test files. */
export const ATTEMPT_FOLDERS = Object.keys(FOLDERS).map(folder => folder.replace(/.*\//, ''));

/** What jest writes with `--json`, as far as it is read here. */
interface Results {
  readonly testResults: { readonly name: string; readonly assertionResults: Test[] }[];
}

interface Test {
  readonly ancestorTitles: string[];
  readonly title: string;
  readonly status: string;
}

/** Escapes what Markdown would take for its own. */
const plain = (text: string) => text.replace(/\[skipped: [^\]]*\]/g, '').trim().replace(/[\\`*_<>|[\]]/g, char => `\\${char}`);

/** The tests that passed, by file and by what they are about. */
function render({ testResults }: Results): string {
  const files = testResults.map(({ name, assertionResults }) => ({ file: relative(PROJECT, name), tests: assertionResults.filter(({ status }) => status === 'passed') }))
    .filter(({ tests }) => tests.length > 0).sort((a, b) => (a.file < b.file ? -1 : 1));
  const parts = Object.entries(FOLDERS).flatMap(([folder, title]) => {
    const within = files.filter(({ file }) => file.startsWith(`${folder}/`));
    const count = within.reduce((sum, { tests }) => sum + tests.length, 0);
    return within.length === 0 ? [] : [`## ${title}: ${count} tests`, '', ...within.flatMap(({ file, tests }) => section(file, tests))];
  });
  return [
    '# What was tried, and how it ended', '',
    '<!-- Written by npm run test:cluster -- --write guardrails requests; the suite compares it with what it observes. -->', '',
    'Each line is a test that was passed on a real Kubernetes of the newest supported version, by people in groups with real kubectl and with clients',
    'of their own. A refusal is named after the bypass that it tries. What no admission policy can see is in [guardrails](guardrails.md#what-it-cannot-see).', '',
    ...parts,
  ].join('\n');
}

function section(file: string, tests: Test[]): string[] {
  const about = [...new Set(tests.map(({ ancestorTitles }) => ancestorTitles.join(': ')))];
  return [`### [${file.replace(/^.*\//, '').replace('.test.ts', '')}](../${file})`, '', ...about.flatMap(ancestors => [
    ...ancestors ? [`**${plain(ancestors)}**`, ''] : [],
    ...tests.filter(({ ancestorTitles }) => ancestorTitles.join(': ') === ancestors).map(({ title }) => `- ${plain(title)}`), '',
  ])];
}

/** Compares the document with a run of the whole suite, or writes it. Returns whether they agree. */
export function checkAttempts(resultsFile: string, write: boolean): boolean {
  const text = render(JSON.parse(readFileSync(resultsFile, 'utf8')));
  const file = join(PROJECT, ATTEMPTS);
  if (write) writeFileSync(file, text);
  return readFileSync(file, 'utf8') === text;
}
