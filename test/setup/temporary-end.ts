import { rmSync } from 'fs';

export default function teardown(): void {
  if (process.env.SECURE_DEBUG_TESTS) rmSync(process.env.SECURE_DEBUG_TESTS, { recursive: true, force: true });
}
