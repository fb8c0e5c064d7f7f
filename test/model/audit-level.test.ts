import { AuditLevel } from '../../src/model';
import { atLeast } from '../../src/model/audit-level';

it('each level records what the ones before it do, and more', () => {
  const order = [AuditLevel.NONE, AuditLevel.METADATA, AuditLevel.REQUEST, AuditLevel.REQUEST_RESPONSE];
  expect(order).toEqual(['None', 'Metadata', 'Request', 'RequestResponse']);
  order.forEach((level, i) => order.forEach((wanted, j) => expect([level, wanted, atLeast(level, wanted)]).toEqual([level, wanted, i >= j])));
});
