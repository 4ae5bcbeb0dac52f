// Checks, watchdogs and hooks in `holdfast status`, for people.
// Must not know how the daemon knows.
import type { CheckReport, HookReport, LookReport, WatchdogReport } from '../api/services.ts';
import type { RouterReport, StatusReport } from '../api/status.ts';
import { showTime } from '../lib/time.ts';
import { align, lasting, since } from './table.ts';

/** The priority with the sum that made it, and who is to blame. */
export function priorityWords({ name, priority, health }: RouterReport): string {
  const { configured, effective } = priority;
  if (health.order !== null && (health.order.move === 'promote' ? health.standing === 'well' : health.standing !== 'well')) {
    return `priority ${effective}, ${health.why ?? 'promoted'}, else ${configured}; holdfast resume ${name} takes it back`;
  }
  const ill = health.why === null ? '' : ` (${health.why})`;
  if (health.standing === 'released') return `released${ill}, else priority ${configured}`;
  if (health.standing === 'demoted') return `priority ${effective} while health is lost${ill}, else ${configured}`;
  const weights = health.parts.filter(({ effect }) => typeof effect === 'number');
  if (weights.length === 0) return `priority ${effective}`;
  const sum = weights.map(({ of, effect }) => ` ${Number(effect) < 0 ? '-' : '+'} ${Math.abs(Number(effect))} ${of}`).join('');
  const clamped = effective === configured + health.adjustment ? '' : ', kept between 2 and 254';
  return `priority ${effective} = ${configured}${sum}${clamped}`;
}

/** @param now ms since 1970 */
export function watchdogTable({ watchdogs }: StatusReport, now: number): readonly string[] {
  if (watchdogs.length === 0) return [];
  return align([['WATCHDOG', 'SERVICE', 'STATE', 'SINCE', 'FOR', 'SEEN'], ...watchdogs.map(each => watchdogCells(each, now))]);
}

export function watchdogCells(each: WatchdogReport, now: number): readonly string[] {
  return [each.name, each.service, each.state, since(each.since, now), users(each), watchdogWords(each, now)];
}

export function checkTable({ checks }: StatusReport, now: number): readonly string[] {
  if (checks.length === 0) return [];
  return align([['CHECK', 'TYPE', 'STATE', 'SINCE', 'FOR', 'SEEN'], ...checks.map(each => checkCells(each, now))]);
}

export function checkCells(each: CheckReport, now: number): readonly string[] {
  return [each.name, each.type, each.state, since(each.since, now), users(each), checkWords(each, now)];
}

export function hookTable({ hooks }: StatusReport, now: number): readonly string[] {
  if (hooks.length === 0) return [];
  return align([['HOOKS OF', 'HOOK', 'TOLD', 'AT', 'RESULT'], ...hooks.map(each => hookCells(each, now))]);
}

export function hookCells(each: HookReport, now: number): readonly string[] {
  return [each.router, each.on, each.event, showTime(Date.parse(each.at), now), hookWords(each)];
}

function users({ routers }: { readonly routers: readonly string[] }): string {
  return routers.length === 0 ? '-' : routers.join(', ');
}

function checkWords({ last, held_until }: CheckReport, now: number): string {
  return `${lookWords(last, now)}${heldWords(held_until, now)}`;
}

function watchdogWords({ seen, next_start, starts, held_until }: WatchdogReport, now: number): string {
  const next = next_start === null ? '' : `; next start in ${lasting(Date.parse(next_start) - now)}`;
  const many = starts > 1 ? `; started ${starts} times lately` : '';
  return `${seen}${next}${many}${heldWords(held_until, now)}`;
}

function lookWords(last: LookReport | null, now: number): string {
  return last === null ? 'not looked at yet' : `${last.seen}, ${lasting(now - Date.parse(last.at))} ago`;
}

function heldWords(until: string | null, now: number): string {
  return until === null ? '' : `; held down until ${showTime(Date.parse(until), now)}, as it comes and goes`;
}

function hookWords({ ok, hook, seen, took_ms }: HookReport): string {
  return `${ok ? '' : 'FAILED: '}${hook}: ${seen}, ${Math.round(took_ms)} ms`;
}
