// Whether guests run under KVM here, found out by one that does: the device may be there and work for no Debian kernel.
// Must not know the appliance beyond its kernel.
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { now, until } from '../../netns/lab/clock.ts';
import { run } from '../../netns/lab/exec.ts';
import { kill, onExit } from '../../netns/lab/guard.ts';
import { CACHE, IMAGE, partition } from './image.ts';

export type Accelerator = 'kvm' | 'tcg';

// Under KVM this takes less than two seconds, under TCG four.
const PROBE_MS = 10_000;
const MARKER = 'the probe runs';
const BUSYBOX = '/bin/busybox';

/** What to run guests with. The finding is kept for the run: tap starts a process for each file, all by one parent.
 *  HOLDFAST_QEMU_ACCEL decides instead, if set. */
export async function accelerator(): Promise<Accelerator> {
  const told = process.env.HOLDFAST_QEMU_ACCEL;
  if (told === 'kvm' || told === 'tcg') return told;
  const file = join(CACHE, 'accelerator');
  const before = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
  if (before[0] === thisRun() && (before[1] === 'kvm' || before[1] === 'tcg')) return before[1];
  const reason = await whyNoKvm();
  process.stderr.write(reason === null ? 'guests run under KVM\n' : `guests run under TCG, slowly: ${reason}\n`);
  const found: Accelerator = reason === null ? 'kvm' : 'tcg';
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(file, `${thisRun()} ${found}\n`);
  return found;
}

/** Our parent, with the time it was started, as PIDs come again. */
function thisRun(): string {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
  return `${process.ppid}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

async function whyNoKvm(): Promise<string | null> {
  if (!existsSync('/dev/kvm')) return 'no /dev/kvm';
  if (!existsSync(BUSYBOX)) return `no ${BUSYBOX} to probe with`;
  return probe('kvm');
}

/** Starts the image's kernel with an initramfs that prints one line.
 *  @returns null when the line came within the limit, else what came instead */
export async function probe(accel: Accelerator, limitMs = PROBE_MS): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'hf-probe-'));
  const remove = onExit(() => rmSync(folder, { recursive: true, force: true }));
  try {
    await makeProbe(folder);
    return await runProbe(folder, accel, limitMs);
  } finally {
    remove();
  }
}

async function makeProbe(folder: string): Promise<void> {
  const { start } = await partition(IMAGE, 'esp');
  await run('mcopy', ['-n', '-i', `${IMAGE}@@${start}`, '::/a/vmlinuz', join(folder, 'vmlinuz')]);
  const root = join(folder, 'root');
  mkdirSync(root);
  copyFileSync(BUSYBOX, join(root, 'busybox'));
  writeFileSync(join(root, 'init'), `#!/busybox sh\n/busybox echo ${MARKER}\n/busybox poweroff -f\n`);
  chmodSync(join(root, 'init'), 0o755);
  await run('cpio', ['-o', '--quiet', '-H', 'newc', '-D', root, '-O', join(folder, 'initrd')], 'init\nbusybox\n');
}

async function runProbe(folder: string, accel: Accelerator, limitMs: number): Promise<string | null> {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', accel, '-cpu', accel === 'kvm' ? 'host' : 'max', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-kernel', join(folder, 'vmlinuz'), '-initrd', join(folder, 'initrd'), '-append', 'console=ttyS0 panic=-1', '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let text = '';
  let ended = false;
  const take = (piece: string) => {
    text += piece;
  };
  child.stdout.setEncoding('latin1').on('data', take);
  child.stderr.setEncoding('latin1').on('data', take);
  const gone = new Promise<void>(resolve => {
    child.on('error', error => {
      text += error.message;
      ended = true;
      resolve();
    });
    child.on('close', () => {
      ended = true;
      resolve();
    });
  });
  const end = onExit(() => {
    if (child.pid !== undefined && !ended) kill(child.pid, 'SIGKILL');
  });
  const started = now();
  const over = () => text.includes(MARKER) || ended || now() - started > limitMs * 1000;
  try {
    await until('the probe', limitMs + 5000, over);
  } finally {
    end();
    await gone;
  }
  if (text.includes(MARKER)) return null;
  const last = text.trim().split('\n').at(-1)?.trim().slice(0, 200) ?? '';
  return `${accel}: no word of the guest within ${limitMs} ms${last === '' ? '' : `, but: ${last}`}`;
}
