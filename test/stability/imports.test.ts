import { execFileSync } from 'child_process';
import { join } from 'path';

const ROOT = join(__dirname, '../..');

/** Run by a process of its own on the sources: prints which packages they ask for. */
const PROBE = `
  const Module = require('module');
  const load = Module._load;
  const asked = new Set();
  Module._load = function (request, parent, ...rest) {
    if (parent?.filename?.startsWith(process.cwd() + '/src/') && !request.startsWith('.')) asked.add(request);
    return load.call(this, request, parent, ...rest);
  };
  require(process.cwd() + '/src/index.ts');
  const plus = Object.keys(require.cache).filter(file => file.includes('/cdk8s-plus-28/'));
  console.log(JSON.stringify({ asked: [...asked].sort(), plus }));
`;

// Import time is paid by every command of every user: cdk8s-plus-28 takes more than all the rest.
it('to import the library loads cdk8s and constructs, and neither cdk8s-plus-28 nor yaml', () => {
  const { asked, plus } = JSON.parse(execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', PROBE], { cwd: ROOT, encoding: 'utf8' }));
  expect(asked).toEqual(expect.arrayContaining(['cdk8s', 'constructs']));
  expect(asked.filter((name: string) => /^(cdk8s-plus-28|yaml)(\/|$)/.test(name))).toEqual([]);
  expect(plus).toEqual([]);
});
