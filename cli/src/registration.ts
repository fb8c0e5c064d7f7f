import { Command } from 'commander';
import { Io } from './io';
import { CommonOptions, Result, Session } from './session';

export type Act = (session: Session) => Promise<Result>;

/** What each folder's register.ts adds its commands with. */
export interface Registration {
  readonly root: Command;
  readonly io: Io;
  /** Ends the run with an exit status. */
  done(code: number): void;
  /** Runs what needs a cluster, and prints its result. */
  act(options: CommonOptions, doIt: Act): Promise<void>;
  /** Prints a result, as JSON if asked. */
  answer(result: Result, options: { readonly json?: boolean }): void;
  /** A command with --json, --kubeconfig and --context. */
  command(parent: Command, usage: string, description: string): Command;
  /** One with --namespace too. */
  namespaced(usage: string, description: string): Command;
  /** And with --all-namespaces. */
  everywhere(usage: string, description: string): Command;
}

/** Collects an option that may be repeated. */
export const several = (value: string, all: string[] = []) => [...all, value];
