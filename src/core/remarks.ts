// Whether something is worth a line: it is new, or was said a while ago. Keeps what stays wrong from filling the log.
// Must not know what is said, nor to whom.
import { between, type Micros, seconds } from '../vrrp/units.ts';

/** More different things than anybody reads; the oldest is forgotten first. */
const MOST = 32;
const AGAIN = seconds(60);

/** @returns `isNews(remark, now)` */
export function createRemarks(): (remark: string, now: Micros) => boolean {
  const said = new Map<string, Micros>();
  return (remark, now) => {
    const before = said.get(remark);
    if (before !== undefined && between(before, now) < AGAIN) return false;
    said.delete(remark);
    said.set(remark, now);
    const [oldest] = said.keys();
    if (said.size > MOST && oldest !== undefined) said.delete(oldest);
    return true;
  };
}
