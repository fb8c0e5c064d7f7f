import { hello } from '../src/main';
test('x', () => expect(hello).toBe('x'));
