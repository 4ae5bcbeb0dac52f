// What an install needs of a machine or of a tree that is not running: files, and programs of the system.
// Must not know what is installed.
import type { There } from '../install/facts.ts';

/** This machine or tree is not as it must be; `message` says what is wrong with it. Exit code 1. */
export class HostTrouble extends Error {
  override readonly name = 'HostTrouble';
}

/** How a program ended: its exit status, or why there is none; and what it said, on both outputs. */
export interface Ran {
  readonly status: number | 'missing' | 'killed';
  readonly out: string;
  readonly err: string;
}

/** Paths are those of the machine or tree. A path that leads out of a tree, by a link, is an error. All reject with the system's error. */
export interface Host {
  look(path: string): Promise<There>;
  /** At most 1 MiB. @returns null when there is no such file, or nothing to read in it */
  read(path: string): Promise<string | null>;
  /** Names in a folder, sorted; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Makes a folder and its parents. @returns those that it made, outer ones first */
  folder(path: string, mode: number): Promise<readonly string[]>;
  /** The old file or the new one is there as a whole, whatever instant the power fails at. Owned by root where that is allowed.
   *  @param content bytes, or the path of a file of this machine
   *  @param keep gets what was there
   *  @returns folders that it made, outer ones first */
  write(path: string, content: Uint8Array | string, mode: number, keep: string | null): Promise<readonly string[]>;
  link(path: string, target: string): Promise<readonly string[]>;
  remove(path: string): Promise<void>;
  /** @returns false when something is in it */
  removeFolder(path: string): Promise<boolean>;
  removeTree(path: string): Promise<void>;
  /** Of this machine, never of a tree. In ms. */
  run(argv: readonly string[], patience: number): Promise<Ran>;
}
