// A step in one line, as it is told before it is done; what went wrong with one, and what to do then.
// Must not know how a step is done.
import { unreachable } from '../lib/unreachable.ts';
import type { Step } from './step.ts';

/** @param root the tree that is written to; empty: this machine
 *  @param version of the holdfast that is installed */
export function tellStep(step: Step, root: string, version: string): string {
  switch (step.do) {
    case 'folder':
      return `make ${root}${step.path}`;
    case 'write': {
      const { wanted, keep, replaces } = step;
      const verb = replaces ? 'replace' : 'write';
      const what = wanted.content.is === 'self' ? ` with holdfast ${version}` : '';
      const old = keep === null ? '' : `; what was there stays as ${keep.slice(keep.lastIndexOf('/') + 1)}`;
      return `${verb} ${root}${wanted.path}${replaces || what === '' ? what : `, holdfast ${version}`}${old}`;
    }
    case 'link':
      return `start holdfast at boot: ${root}${step.path}`;
    case 'remove':
      return `remove ${root}${step.path}`;
    case 'remove-folder':
      return `remove ${root}${step.path} if nothing is left in it`;
    case 'remove-tree':
      return `remove ${root}${step.path} and all that is in it`;
    case 'run':
      return `${step.words}: ${step.argv.join(' ')}`;
    case 'open-zone':
      return `let VRRP (protocol 112) in, in zone ${step.zone} of firewalld`;
    case 'close-zone':
      return `let VRRP in no more, in zone ${step.zone} of firewalld`;
    case 'hand-over':
      return step.restarts ? 'hand over: other machines serve while holdfast is restarted' : 'hand over: other machines serve';
    case 'start':
      return 'start holdfast';
    case 'restart':
      return 'restart holdfast';
    case 'take-back':
      return 'take part again, as the configuration says';
    case 'stop':
      return 'stop holdfast';
    default:
      return unreachable(step);
  }
}

/** What to do about an error of the system.
 *  @param code errno name, where there is one */
export function cureFor(step: Step, code: string | null): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'run it as root: sudo holdfast install; where it is, the file may be marked immutable (lsattr)';
    case 'EROFS':
      return 'that file system is read-only: remount it, or use --root for a tree that can be written';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left there: df -h; the executable takes 110 MB, and so does the one before';
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return 'something else has that name: look at it, move it away, then once more';
    default:
      break;
  }
  switch (step.do) {
    case 'open-zone':
    case 'close-zone':
      return 'firewall-cmd --state; systemctl status firewalld';
    case 'start':
    case 'restart':
    case 'stop':
      return 'systemctl status holdfast; journalctl -u holdfast -n 50';
    case 'folder':
    case 'write':
    case 'link':
    case 'remove':
    case 'remove-folder':
    case 'remove-tree':
    case 'run':
    case 'hand-over':
    case 'take-back':
      return 'mend that, then the same command once more: what is done stays done';
    default:
      return unreachable(step);
  }
}
