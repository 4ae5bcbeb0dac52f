// A guest as a small state machine: off, running, frozen, ended, and back to running. Its disk, its console, its cable, its power.
// Must not know the appliance: what it says on its console is for the stories.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { now } from '../../netns/lab/clock.ts';
import { type Daemon, start } from '../../netns/lab/daemon.ts';
import type { Node } from '../../netns/lab/network.ts';
import { type Console, readConsole } from './console.ts';
import { type Disk, OVMF } from './image.ts';
import type { Accelerator } from './kvm.ts';
import { connectQmp, type Qmp } from './qmp.ts';
import { TAPS } from './segment.ts';

/** The bus that the disk hangs on. */
export type Bus = 'virtio' | 'usb' | 'nvme' | 'ahci';

export interface VmOptions {
  readonly node: Node;
  readonly folder: string;
  readonly disk: Disk;
  readonly accel: Accelerator;
  readonly bus?: Bus;
  readonly firmware?: 'bios' | 'uefi';
  /** 1 or 2; both on the same segment. */
  readonly cards?: 1 | 2;
  readonly memoryMb?: number;
  /** More arguments for QEMU. */
  readonly more?: readonly string[];
}

type State =
  | { readonly name: 'off' }
  | { readonly name: 'running' | 'frozen'; readonly qemu: Daemon; readonly qmp: Qmp }
  | { readonly name: 'ended' };

export interface Vm {
  readonly name: string;
  readonly disk: Disk;
  readonly console: Console;
  state(): State['name'];
  /** Off or ended to running.
   *  @param snapshot goes on where it was saved; without it the machine is switched on
   *  @returns the instant of power-on, µs */
  start(snapshot?: string): Promise<number>;
  /** The power fails: SIGKILL. @returns the instant just before */
  kill(): Promise<number>;
  /** Presses the power button. @returns the instant just before */
  powerButton(): Promise<number>;
  reset(): Promise<number>;
  /** Waits until QEMU has ended by itself. @throws Error with the console when it has not after `boundMs` */
  ended(boundMs: number): Promise<void>;
  freeze(): Promise<number>;
  thaw(): Promise<number>;
  /** @param card 0 or 1 */
  pullCable(card?: 0 | 1): Promise<number>;
  putCableBack(card?: 0 | 1): Promise<number>;
  save(snapshot: string): Promise<void>;
  /** Throws when the console gives an alarm, or QEMU ended although nobody ended it. */
  check(): void;
  /** What went over QMP, in all its lives. */
  transcript(): readonly string[];
}

const MACS: Readonly<Record<string, number>> = { a: 0x0b, b: 0x0c };

export function makeVm(options: VmOptions): Vm {
  const { node, folder } = options;
  const serial = join(folder, `${node.name}.serial.log`);
  const socket = join(folder, `${node.name}.qmp`);
  const console = readConsole(node.name, serial);
  const transcripts: Qmp['transcript'][] = [];
  let state: State = { name: 'off' };

  const current = (): State => {
    if ('qemu' in state && state.qemu.exit() !== undefined) state = { name: 'ended' };
    return state;
  };
  /** QEMU while the guest is in one of these states. @throws Error in any other */
  const live = (...wanted: readonly State['name'][]) => {
    const found = current();
    if (!('qemu' in found) || !wanted.includes(found.name)) throw new Error(`${node.name} is ${found.name}, not ${wanted.join(' or ')}`);
    return found;
  };
  let last: Daemon | undefined;
  const lastWords = () =>
    last?.lines
      .slice(-3)
      .map(line => line.text)
      .join('; ') || 'QEMU said nothing';

  const vm: Vm = {
    name: node.name,
    disk: options.disk,
    console,
    state: () => current().name,
    async start(snapshot) {
      const { name } = current();
      if (name !== 'off' && name !== 'ended') throw new Error(`${node.name} is ${name} already`);
      if (existsSync(socket)) rmSync(socket);
      const at = now();
      const command = ['nice', '-n', '5', 'qemu-system-x86_64', ...qemuArguments(options, serial, socket)];
      const qemu = start(node, {
        name: `QEMU ${node.name}`,
        command: snapshot === undefined ? command : [...command, '-loadvm', snapshot],
      });
      last = qemu;
      const qmp = await connectQmp(socket, 15_000, () => {
        if (qemu.exit() !== undefined) throw new Error('QEMU has ended');
      }).catch((error: unknown) => {
        throw new Error(`${node.name} was not started: ${error instanceof Error ? error.message : error}; ${lastWords()}`);
      });
      transcripts.push(qmp.transcript);
      state = { name: 'running', qemu, qmp };
      return at;
    },
    async kill() {
      const { qemu, qmp } = live('running', 'frozen');
      const at = qemu.signal('SIGKILL');
      await qemu.ended(5000);
      qmp.close();
      state = { name: 'ended' };
      return at;
    },
    async powerButton() {
      const { qmp } = live('running');
      const at = now();
      await qmp.systemPowerdown();
      return at;
    },
    async reset() {
      const { qmp } = live('running');
      const at = now();
      await qmp.systemReset();
      return at;
    },
    async ended(boundMs) {
      if (!('qemu' in state)) return;
      await state.qemu.ended(boundMs).catch((error: unknown) => {
        throw new Error(`${String(error)}\n  ${console.tail()}`);
      });
      state.qmp.close();
      state = { name: 'ended' };
    },
    async freeze() {
      const { qemu, qmp } = live('running');
      const at = now();
      await qmp.stop();
      state = { name: 'frozen', qemu, qmp };
      return at;
    },
    async thaw() {
      const { qemu, qmp } = live('frozen');
      const at = now();
      await qmp.cont();
      state = { name: 'running', qemu, qmp };
      return at;
    },
    async pullCable(card = 0) {
      const at = now();
      await live('running').qmp.setLink(`nic${card}`, false);
      return at;
    },
    async putCableBack(card = 0) {
      const at = now();
      await live('running').qmp.setLink(`nic${card}`, true);
      return at;
    },
    async save(snapshot) {
      await live('running').qmp.savevm(snapshot);
    },
    check() {
      console.check();
      const before = state;
      if ('qemu' in before && current().name === 'ended') throw new Error(`QEMU of ${node.name} ended by itself: ${lastWords()}`);
    },
    transcript: () => transcripts.flat(),
  };
  return vm;
}

function qemuArguments(options: VmOptions, serial: string, socket: string): readonly string[] {
  const { node, disk, accel, bus = 'virtio', firmware = 'bios', cards = 1, memoryMb = 256, more = [] } = options;
  const mac = (card: number) => `52:54:00:77:0${card}:${(MACS[node.name] ?? 0x10).toString(16).padStart(2, '0')}`;
  return [
    ...['-accel', accel, '-cpu', accel === 'kvm' ? 'host' : 'max', '-machine', 'pc', '-smp', '1', '-m', String(memoryMb)],
    ...['-nodefaults', '-display', 'none', '-vga', 'std'],
    ...(firmware === 'uefi' ? ['-drive', `if=pflash,format=raw,readonly=on,file=${OVMF}`] : []),
    ...['-chardev', `file,id=serial,path=${serial},append=on`, '-serial', 'chardev:serial'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
    // A crash of QEMU loses nothing that it has handed to the host, and a crash of the host is none of our stories.
    ...['-drive', `if=none,id=disk,file=${disk.path},format=${disk.format},cache=unsafe`],
    ...BUSES[bus],
    // Named slots: the guest calls its cards by them, ens3 and ens4.
    ...Array.from({ length: cards }, (_, card) => [
      ...['-netdev', `tap,id=lan${card},ifname=${TAPS[card]},script=no,downscript=no`],
      ...['-device', `virtio-net-pci,id=nic${card},netdev=lan${card},mac=${mac(card)},addr=${3 + card},romfile=`],
    ]).flat(),
    ...['-device', 'virtio-rng-pci'],
    ...more,
  ];
}

const BUSES: Readonly<Record<Bus, readonly string[]>> = {
  virtio: ['-device', 'virtio-blk-pci,drive=disk,bootindex=0,addr=6'],
  usb: ['-device', 'qemu-xhci,addr=6', '-device', 'usb-storage,drive=disk,bootindex=0'],
  nvme: ['-device', 'nvme,drive=disk,serial=hf,bootindex=0,addr=6'],
  ahci: ['-device', 'ich9-ahci,id=ahci,addr=6', '-device', 'ide-hd,drive=disk,bus=ahci.0,bootindex=0'],
};
