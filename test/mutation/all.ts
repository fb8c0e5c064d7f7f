/**
 * What a mutation run asks of every mutant: the tests of model, access and audit as one file, because to load the
 * library anew for each file takes longer than the tests. The first one that fails ends it. Left out is what takes long
 * and is sharp by its mass alone; so is what compares with a snapshot, which every mutant would break: a mutant counts
 * as killed only by an assertion in words.
 */
import { readdirSync } from 'fs';
import { join } from 'path';
import type * as FastCheck from 'fast-check';

const LEFT_OUT = ['evaluator-oracle.test.ts', 'noise.test.ts'];

// A property tries a few values and stops at its first counterexample. Those that ask for 200 also count what they met.
jest.mock('fast-check', () => {
  const fc = jest.requireActual<typeof FastCheck>('fast-check');
  const assert = (property: FastCheck.IProperty<unknown>, { numRuns }: FastCheck.Parameters = {}) =>
    fc.assert(property, { numRuns: numRuns === 200 ? 200 : 10, endOnFailure: true, seed: 1 });
  return { ...fc, assert };
});
expect.extend({ toMatchSnapshot: () => ({ pass: true, message: () => 'not compared here' }) });

let failed = false;

/** A test, or nothing once another has failed. */
const unlessFailed = (test: (...row: any[]) => unknown) => async (...row: any[]) => {
  if (failed) return;
  try {
    await test(...row);
  } catch (error) {
    failed = true;
    throw error;
  }
};
const { it } = globalThis;
globalThis.it = Object.assign((name: string, test: () => unknown) => it(name, unlessFailed(test)), {
  each: (...table: [any]) => (name: string, test: () => unknown) => it.each(...table)(name, unlessFailed(test)),
}) as unknown as jest.It;

for (const folder of ['model', 'access', 'audit']) {
  for (const file of readdirSync(join(__dirname, '..', folder)).filter(name => name.endsWith('.test.ts') && !LEFT_OUT.includes(name)).sort().reverse()) {
    describe(`${folder}/${file}`, () => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      require(`../${folder}/${file}`);
    });
  }
}
