import { seeded } from './seeded';
import { PermissionInventory } from '../../src';

const { namespaces, dangerous, strong, harmless } = seeded('inv');
const objects = [...namespaces, ...strong, ...dangerous.flatMap(one => one.objects), ...harmless.flatMap(one => one.objects)];
const inventory = PermissionInventory.fromManifests(objects);
const foundOf = (who: string) => inventory.findings.filter(finding => finding.who === who);

describe('dangerous grants among harmless ones', () => {
  it('are more than 40, among 200', () => {
    expect(dangerous.length).toBeGreaterThanOrEqual(40);
    expect(new Set(dangerous.map(({ who }) => who)).size).toBe(dangerous.length);
    expect(harmless).toHaveLength(200);
  });

  it.each(dangerous.map(({ what, who, expected }): [string, string, string[]] => [what, who, expected]))('%s', (_what, who, expected) => {
    expect(foundOf(who).map(({ id }) => id).sort()).toEqual(expected);
  });

  it('nothing is found of those who hold what they need', () => {
    expect(harmless.flatMap(({ who }) => foundOf(who)).map(({ text }) => text)).toEqual([]);
  });
});
