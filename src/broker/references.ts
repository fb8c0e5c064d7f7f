import type { BrokerPolicyProps } from './broker-policy';
import type { BrokerTeam } from './broker-team';
import { Findings } from './findings';
import { Path } from './json-source';
import { unknownName } from './read';

/** What no part of a policy can see by itself: names that lead nowhere, and teams that get in each other's way. */
export function checkReferences(props: BrokerPolicyProps, findings: Findings): void {
  const { teams } = props;
  const known = { commandSets: namesOf(props.commandSets), debugImages: namesOf(props.debugImages) };
  unique(known.commandSets, i => ['commandSets', i], 'is the name of two command sets', findings);
  unique(known.debugImages, i => ['debugImages', i], 'is the name of two debug images', findings);
  unique(teams.map(({ name }) => name), i => ['teams', i, 'name'], 'is the name of two teams', findings);

  const ownerOf = new Map<string, string>();
  teams.forEach((team, i) => {
    const path = ['teams', i];
    team.namespaces.forEach((namespace, j) => {
      const owner = ownerOf.get(namespace);
      if (owner !== undefined && owner !== team.name) {
        findings.add({ path: [...path, 'namespaces', j], value: namespace, problem: `belongs to the team ${owner} already`, fix: 'leave it to one of them; people of the other can be among its requesters' });
      }
      ownerOf.set(namespace, team.name);
    });
    unique((team.requests ?? []).map(({ profile }) => profile), j => ['teams', i, 'requests', j, 'profile'], 'is the profile of two requests', findings, 'give each a profile of its own');
    checkTeam(team, path, known, findings);
  });
}

/** What only those on call have. */
const OF_ON_CALL = ['capabilities', 'resourceNames', 'commandSets', 'attach', 'portForward', 'proxy', 'debugImages', 'copies', 'nodes'] as const;

interface Known {
  readonly commandSets: string[];
  readonly debugImages: string[];
}

function checkTeam(team: BrokerTeam, path: Path, known: Known, findings: Findings): void {
  const wrong = (field: keyof BrokerTeam, problem: string, fix: string) => {
    const value = field === 'capabilities' ? team.capabilities?.map(String) : team[field];
    findings.add({ path: [...path, field], value, problem, fix });
  };
  const { onCall, requests, breakGlass } = team;
  if (!onCall && !requests && !breakGlass) {
    wrong('onCall', 'is missing, and so are requests and breakGlass: nobody would have access', 'name the groups that are on call, or who may request');
    return;
  }
  for (const field of OF_ON_CALL) {
    if (!onCall && team[field]) wrong(field, 'is for those on call, and nobody is', 'name their groups in onCall, or leave it out; requests and breakGlass have their own');
  }
  for (const field of ['commandSets', 'debugImages'] as const) checkNames(team[field], [...path, field], field, known, findings);
  [...requests ?? [], ...breakGlass ? [breakGlass] : []].forEach((access, j) => {
    const at: Path = access === breakGlass ? [...path, 'breakGlass'] : [...path, 'requests', j];
    for (const field of ['commandSets', 'debugImages'] as const) checkNames(access[field], [...at, field], field, known, findings);
  });

  const attaches = team.attach !== undefined && team.attach !== 'none' ? ['attach'] as const : [];
  for (const field of [...attaches, 'portForward', 'proxy'] as const) {
    if (team[field] && known.commandSets.length === 0) wrong(field, 'opens a guardrail that there is not, for the policy has no command sets', 'define commandSets, or leave it out and give the capability alone');
  }
  for (const field of ['copies', 'nodes'] as const) {
    if (team[field] && known.debugImages.length === 0) wrong(field, 'opens a guardrail that there is not, for the policy has no debug images', 'define debugImages, or leave it out and give the capability alone');
  }
}

function checkNames(names: string[] | undefined, path: Path, field: 'commandSets' | 'debugImages', known: Known, findings: Findings): void {
  names?.forEach((name, i) => {
    if (known[field].includes(name)) return;
    findings.add({ path: [...path, i], value: name, ...unknownName(field === 'commandSets' ? 'command set' : 'debug image', name, known[field]) });
  });
}

function namesOf(all: { readonly name: string }[] | undefined): string[] {
  return (all ?? []).map(({ name }) => name);
}

/** @param pathOf the way to the n-th */
function unique(values: (string | undefined)[], pathOf: (i: number) => Path, problem: string, findings: Findings, fix = 'give one of them another name'): void {
  const seen = new Set<string | undefined>();
  values.forEach((value, i) => {
    if (seen.has(value)) findings.add({ path: pathOf(i), value, problem, fix });
    seen.add(value);
  });
}
