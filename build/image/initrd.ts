// Makes the initrd: busybox, one script, and the modules without which the root is not found.
// Must not know what the script does.
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel } from './modules.ts';
import { at, EPOCH, WORK } from './paths.ts';
import { run, runBytes } from './run.ts';

/** @param modules paths as Kernel.pick gives them
 *  @param busybox a static one */
export function makeInitrd(kernel: Kernel, modules: readonly string[], busybox: string): void {
  const root = `${WORK.initrd}.tree`;
  rmSync(root, { recursive: true, force: true });
  for (const folder of ['bin', 'dev', 'proc', 'sys', 'run', 'root', 'mnt', 'usr/lib', 'etc'])
    mkdirSync(join(root, folder), { recursive: true });
  symlinkSync('usr/lib', join(root, 'lib'));
  // Where the kernel looks for it.
  symlinkSync('bin', join(root, 'sbin'));
  copyFileSync(busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  for (const applet of run(busybox, ['--list']).trimEnd().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  copyFileSync(at('firmware/initrd/init'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  kernel.install(modules, root);
  // busybox reads the texts only.
  run('find', [root, '-name', 'modules.*.bin', '-delete']);

  run('find', [root, '-exec', 'touch', '-h', '-d', `@${EPOCH}`, '{}', '+']);
  const names = run('find', ['.'], { cwd: root }).trimEnd().split('\n').sort().join('\n');
  const archive = runBytes('cpio', ['-o', '-H', 'newc', '--reproducible', '-R', '0:0', '--quiet'], { cwd: root, input: names });
  writeFileSync(WORK.initrd, runBytes('zstd', ['-q', '-19', '-c'], { input: archive }));
}
