import * as fc from 'fast-check';
import { policies, yamlOf } from './policies';
import { BrokerPolicy } from '../../src';

it('constructs, JSON, constructs: the same objects, byte by byte, and the same JSON again', () => {
  fc.assert(fc.property(policies, props => {
    const policy = BrokerPolicy.of(props);
    const json = policy.toJson();
    const again = BrokerPolicy.fromJson(json);
    expect(yamlOf(again)).toBe(yamlOf(policy));
    expect(again.toJson()).toBe(json);
  }), { numRuns: 40 });
}, 120_000);

it('the order in which lists are written changes neither the JSON nor the objects', () => {
  const turned = (value: any): any => (Array.isArray(value) ? [...value].reverse() : value);
  fc.assert(fc.property(policies, props => {
    const teams = turned(props.teams).map((team: any) => Object.fromEntries(Object.entries(team).map(([key, value]) => [key, turned(value)])));
    const { commandSets, debugImages, exceptions } = props;
    const other = { ...props, teams, commandSets: turned(commandSets), debugImages: turned(debugImages), exceptions: turned(exceptions) };
    const [one, two] = [BrokerPolicy.of(props), BrokerPolicy.of(other)];
    expect(two.toJson()).toBe(one.toJson());
    expect(yamlOf(two)).toBe(yamlOf(one));
  }), { numRuns: 25 });
}, 120_000);

it('the layout of the JSON has no meaning', () => {
  fc.assert(fc.property(policies, props => {
    const json = BrokerPolicy.of(props).toJson();
    expect(BrokerPolicy.fromJson(`\uFEFF${JSON.stringify(JSON.parse(json))}`).toJson()).toBe(json);
    expect(BrokerPolicy.fromJson(json.replace(/\n/g, '\r\n')).toJson()).toBe(json);
  }), { numRuns: 10 });
});
