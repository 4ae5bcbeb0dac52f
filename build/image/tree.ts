// Step 2: the root without our executable, and the initrd: packages less strip.list, plus modules and image/rootfs-overlay.
// Must not know how the root is packed.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeInitrd } from './initrd.ts';
import { unneeded } from './libraries.ts';
import { rules, verdict } from './lists.ts';
import { Kernel, section } from './modules.ts';
import { at, WORK } from './paths.ts';
import { run } from './run.ts';

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
/** What dist/holdfast is linked to, which comes in with the next step. */
const OF_HOLDFAST = ['libstdc++.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'libc.so.6'];
/** Where the box mounts something, or looks for something; all else that is empty has gone. */
const EMPTY_FOLDERS = ['boot', 'dev', 'etc/systemd', 'proc', 'root', 'run', 'sys', 'tmp', 'var'];

/** Removes what the rules do not keep, and the folders that are empty then. @returns whether something is left in the folder */
function strip(root: string, folder: string, keeps: (path: string) => boolean): boolean {
  let left = false;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (strip(root, path, keeps)) left = true;
      else rmdirSync(join(root, path));
    } else if (keeps(path)) left = true;
    else rmSync(join(root, path));
  }
  return left;
}

/** Links to busybox for what it has and the root has not. */
function linkBusybox(tree: string): void {
  for (const applet of run('chroot', [tree, 'usr/bin/busybox', '--list']).trimEnd().split('\n')) {
    if (['usr/bin', 'usr/sbin'].some(folder => exists(join(tree, folder, applet)))) continue;
    symlinkSync('busybox', join(tree, 'usr/bin', applet));
  }
}

const exists = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

const { tree } = WORK;
rmSync(tree, { recursive: true, force: true });
run('cp', ['-a', WORK.base, tree]);

const list = rules(at('image/strip.list'));
strip(tree, '', path => verdict(list, path) ?? true);
for (const path of unneeded(tree, LIBRARIES, path => verdict(list, path) === true, OF_HOLDFAST)) rmSync(join(tree, path));
for (const folder of EMPTY_FOLDERS) mkdirSync(join(tree, folder), { recursive: true });

linkBusybox(tree);
cpSync(at('image/rootfs-overlay'), tree, { recursive: true, verbatimSymlinks: true });

// Nobody logs in but root by a key, and nobody becomes another: no passwords, no set-user-id.
edit(join(tree, 'etc/passwd'), text => text.replace(/^(root:.*):[^:]*$/m, '$1:/bin/sh'));
edit(join(tree, 'etc/shadow'), text => text.replace(/^([^:]+):[^:]*:[^:]*:.*$/gm, '$1:*:19000:0:99999:7:::'));
run('find', [tree, '-xdev', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
chmodSync(join(tree, 'root'), 0o700);
// Empty: made by the first start, kept with the state (firmware/initrd/init).
writeFileSync(join(tree, 'etc/machine-id'), '');
run('ldconfig', ['-r', tree, '-X']);

const kernel = new Kernel(WORK.kernel);
const modules = at('image/modules.list');
const forInitrd = kernel.pick(section(modules, 'initrd'));
kernel.install([...new Set([...forInitrd, ...kernel.pick(section(modules, 'root'))])].sort(), tree);
makeInitrd(kernel, forInitrd, join(tree, 'usr/bin/busybox'));
copyFileSync(join(WORK.kernel, 'boot', `vmlinuz-${kernel.version}`), WORK.vmlinuz);
if (!existsSync(join(tree, 'usr/lib/systemd/systemd'))) throw new Error('strip.list leaves no system');
