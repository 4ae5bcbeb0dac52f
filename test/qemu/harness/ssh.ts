// The user's own way into a box: SSH with the key that was dropped in authorized_keys, from the client's machine.
// Must not know what is done inside.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../netns/lab/clock.ts';
import { run } from '../../netns/lab/exec.ts';
import type { Network } from '../../netns/lab/network.ts';
import type { Box, Files } from './config.ts';

/** Why it cannot be used here, or null. */
export function whyNoSsh(): string | null {
  const folders = (process.env.PATH ?? '').split(':');
  const lacking = ['ssh', 'ssh-keygen', 'ssh-keyscan'].find(program => !folders.some(folder => existsSync(join(folder, program))));
  return lacking === undefined ? null : `no \`${lacking}\` (Debian: openssh-client)`;
}

export interface Keys {
  /** authorized_keys for CONFIG. */
  readonly files: Files;
  /** Runs a line of shell as root. @returns its standard output @throws Error with its standard error */
  inside(box: Box, line: string): Promise<string>;
  /** The same, tried again until it succeeds: sshd makes its host key first. */
  insideOnceUp(box: Box, line: string): Promise<string>;
  /** The public host key of a box. */
  hostKey(box: Box): Promise<string>;
}

/** Makes a key pair that goes away with the network. */
export async function makeKeys(network: Network): Promise<Keys> {
  const key = join(network.folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
  // Neither the settings of whoever runs the tests, nor hosts that were met before. Logging in takes seconds under TCG.
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'ConnectTimeout=60', 'LogLevel=ERROR'];
  const client = (...command: readonly string[]) => run('ip', ['netns', 'exec', network.client.namespace, ...command]);
  const inside = (box: Box, line: string) =>
    client('ssh', '-F', '/dev/null', '-i', key, ...options.flatMap(option => ['-o', option]), `root@${box.address}`, line);
  return {
    files: { authorized_keys: readFileSync(`${key}.pub`, 'utf8') },
    inside,
    insideOnceUp: (box, line) =>
      until(`\`${line}\` on ${box.host} by SSH`, 60_000, () =>
        inside(box, line).then(
          said => ({ said }),
          () => undefined,
        ),
      ).then(({ said }) => said),
    hostKey: async box => (await client('ssh-keyscan', '-T', '60', '-t', 'ed25519', box.address)).trim(),
  };
}
