// What an operator is to know about this machine, or to do by hand: each with the command that does it.
// Must not know what the steps are.
import type { ClosedChain, Facts } from './facts.ts';
import { CONFIG_PATH, DOC_FOLDER, ENABLED_PATH, EXECUTABLE_PATH, OVERRIDE_PATH } from './paths.ts';
import type { Situation } from './plan.ts';

/** @param kept files that somebody has changed, and that stay as they are
 *  @param enabling this run makes it start at boot */
export function notesOf({ facts, there, manifest, start, unit }: Situation, kept: readonly string[], enabling: boolean): readonly string[] {
  const notes: string[] = [];
  for (const path of kept)
    notes.push(`${path} is kept, it was changed by hand${path === unit ? `; compare: diff ${path} ${DOC_FOLDER}/holdfast.service` : ''}`);
  if (facts.service.masked)
    notes.push(`holdfast is masked and does not start: systemctl unmask holdfast, then once more: ${EXECUTABLE_PATH} install`);
  else if (there(OVERRIDE_PATH).kind !== 'absent')
    notes.push(`${OVERRIDE_PATH} goes before the unit that comes with holdfast; if you did not write it on purpose: rm ${OVERRIDE_PATH}`);
  const { program } = facts.service;
  if (program !== null && program !== EXECUTABLE_PATH)
    notes.push(`the unit starts ${program}, not ${EXECUTABLE_PATH}: see systemctl cat holdfast`);
  notes.push(...networkNotes(facts), ...machine(facts));
  if (facts.configured !== 'real') {
    const path = `${facts.root ?? ''}${CONFIG_PATH}`;
    const again = facts.root === null ? `${EXECUTABLE_PATH} install` : `holdfast install --root ${facts.root}`;
    notes.push(`${path} is the example: say there what is to be served, then once more: ${again}`);
    return notes;
  }
  if (facts.root !== null || facts.service.masked) return notes;
  const enabled = enabling || there(ENABLED_PATH).kind !== 'absent';
  const stopped = ['inactive', 'unknown', 'deactivating'].includes(facts.service.state);
  if (!enabled && manifest?.links[ENABLED_PATH] !== undefined)
    notes.push('holdfast was disabled by hand and stays so: systemctl enable --now holdfast');
  else if (stopped && !(enabling && start)) notes.push('holdfast does not run and is not started: systemctl start holdfast');
  else if (!start && facts.service.state === 'active') notes.push('holdfast runs as it was started: systemctl restart holdfast');
  return notes;
}

/** What must be let through, or cannot be. */
export function networkNotes(facts: Facts): readonly string[] {
  const notes = facts.ufw
    ? ['ufw drops VRRP; put into /etc/ufw/before.rules, before its COMMIT: -A ufw-before-input -p 112 -j ACCEPT; then: ufw reload']
    : facts.closed.map(chain => `nftables drops VRRP: ${rule(chain)}, and the same where your rules are kept (/etc/nftables.conf)`);
  const { cloud } = facts;
  if (cloud !== null && facts.multicast)
    notes.push(`${cloud} does not carry multicast between machines: peers = ["..."] in each [vrrp.NAME] makes it unicast`);
  if (cloud !== null && facts.addresses)
    notes.push(`${cloud} may not let an address move by itself: addresses = [] and an on_active hook that asks its interface to move it`);
  return notes;
}

/** In front of whatever ends the chain. */
function rule({ family, table, chain }: ClosedChain): string {
  return `nft insert rule ${family} ${table} ${chain} meta l4proto 112 accept`;
}

function machine(facts: Facts): readonly string[] {
  const notes: string[] = [];
  if (facts.fapolicyd)
    notes.push(`fapolicyd may forbid what no package owns: fapolicyd-cli --file add ${EXECUTABLE_PATH} && fapolicyd-cli --update`);
  if (facts.root !== null && facts.selinux !== 'off')
    notes.push(`SELinux labels are given when that system boots: touch ${facts.root}/.autorelabel`);
  if (facts.selinux !== 'off' && facts.root === null && !facts.restorecon)
    notes.push('SELinux is on and restorecon is not there (package policycoreutils): what was written may have the wrong labels');
  return notes;
}
