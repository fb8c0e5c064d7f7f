/** Puts what looks at lines of audit logs beside the compiled command line. `projen compile` runs it. */
import { copyFileSync } from 'fs';
import { join } from 'path';
import { compiled } from '../src/audit/line-program';

copyFileSync(compiled(), join(__dirname, '..', 'lib', 'audit', 'lines.wasm'));
