import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { KITCHEN_SINK } from './kitchen-sink';
import { currentNames, goldenNames } from './names';
import * as library from '../../src';

describe('what is stable from the first release', () => {
  const [golden, current] = [goldenNames(), currentNames()];

  it('nothing that was promised is gone', () => expect(golden.filter(line => !current.includes(line))).toEqual([]));
  it('nothing is there that is not promised yet: npx tsx --tsconfig tsconfig.dev.json test/stability/names.ts adds it', () => {
    expect(current.filter(line => !golden.includes(line))).toEqual([]);
  });
  it('the list is sorted and says each once', () => expect(golden).toEqual([...new Set(golden)].sort()));
});

it('the kitchen sink contains every construct that the library exports, but for those that only hold others', () => {
  const emits = (value: any) => value?.prototype instanceof Construct && Object.getPrototypeOf(value) !== Chart && value !== library.ControlPlane;
  expect(Object.keys(KITCHEN_SINK).sort()).toEqual(Object.entries(library).filter(([, value]) => emits(value)).map(([name]) => name).sort());
});
