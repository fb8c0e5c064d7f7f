/** Writes what the examples synthesize now to examples/<name>/expected. The diff is for a person to review. */
import { rmSync } from 'fs';
import { EXAMPLES, expectedOf, runExample } from './run-example';

for (const example of EXAMPLES) {
  rmSync(expectedOf(example), { recursive: true, force: true });
  runExample(example, expectedOf(example));
  console.log(`examples/${example}/expected`);
}
