// How the page looks: on a desk, on a phone, by day and by night, and when nobody knows any more.
// Must not know what it says. Its hash stands in the Content-Security-Policy, so it is the same for everybody.

export const STYLE = `
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #1b1f24; --dim: #5c6670; --line: #d9dee3;
  --active: #1a7f37; --backup: #2b62a8; --leaving: #9a6700; --fault: #b3261e; --initialize: #6b7580; --unknown: #9aa4ad;
  --error: #fdeceb; --warning: #fff6dc; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #12161a; --card: #1b2127; --ink: #e4e8ec; --dim: #98a3ad; --line: #303940;
    --active: #3fb963; --backup: #6ea8f0; --leaving: #e0b040; --fault: #ff7b72; --initialize: #98a3ad; --unknown: #6b7580;
    --error: #3a1d1c; --warning: #35290f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
.routers { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
section .notice { margin: .5rem 0; }
header { display: flex; align-items: baseline; justify-content: space-between; flex-wrap: wrap; gap: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
header p, footer p { margin: 0; color: var(--dim); }
.dot { display: inline-block; width: .6em; height: .6em; border-radius: 50%; background: var(--unknown); margin-right: .5em; }
[data-light=active] .dot { background: var(--active); } [data-light=backup] .dot { background: var(--backup); }
[data-light=leaving] .dot { background: var(--leaving); } [data-light=fault] .dot { background: var(--fault); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; min-width: 0; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; display: flex; align-items: baseline; flex-wrap: wrap; gap: .2rem .6rem; overflow-wrap: anywhere; }
h2 small { color: var(--dim); font-weight: normal; }
.badge { color: #fff; border-radius: 1rem; padding: .05rem .7rem; font-size: .85rem; }
.badge.active { background: #1a7f37; } .badge.backup { background: #2b62a8; } .badge.leaving { background: #9a6700; }
.badge.fault { background: #b3261e; } .badge.initialize { background: #6b7580; } .badge.unknown { background: #6b7580; }
.since { margin-left: auto; color: var(--dim); font-size: .85rem; font-weight: normal; }
.sentence { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.notice { margin: 0; padding: .6rem .8rem; border-radius: .4rem; border-left: .3rem solid; overflow-wrap: anywhere; }
.notice.error { background: var(--error); border-color: var(--fault); }
.notice.warning { background: var(--warning); border-color: var(--leaving); }
.strip { width: 100%; height: 20px; display: block; border-radius: .3rem; background: var(--line); }
.strip .active { fill: var(--active); } .strip .backup { fill: var(--backup); } .strip .leaving { fill: var(--leaving); }
.strip .fault { fill: var(--fault); } .strip .initialize { fill: var(--initialize); } .strip .unknown { fill: var(--line); }
.unknown .strip { filter: grayscale(1); opacity: .6; }
.span { display: flex; justify-content: space-between; margin: 0 0 .4rem; color: var(--dim); font-size: .8rem; }
ol, ul { margin: .4rem 0 0; padding: 0; list-style: none; font-size: .9rem; overflow-wrap: anywhere; }
ul { color: var(--dim); border-top: 1px solid var(--line); padding-top: .4rem; }
ol time { color: var(--dim); font-variant-numeric: tabular-nums; margin-right: .4rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; color: var(--dim); font-weight: normal; }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
tr.bad td:first-child { color: var(--fault); font-weight: bold; } tr.good td:first-child { color: var(--active); }
tr.bad td:first-child::before { content: "\\2715\\00a0"; } tr.good td:first-child::before { content: "\\2713\\00a0"; }
@media (max-width: 40rem) {
  main { padding: .6rem; }
  thead { display: none; }
  tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  td { display: block; border: 0; padding: 0; }
  td:not(:first-child)::before { content: attr(data-head) " "; color: var(--dim); }
  td:first-child { font-size: 1rem; }
}
#stale { position: sticky; top: 0; z-index: 1; margin: 0; padding: .8rem 1rem; background: #3b4248; color: #fff; text-align: center; }
#stale[hidden] { display: none; }
.stale main { filter: grayscale(1); opacity: .6; }
.stale .badge, .stale .strip rect, .stale .dot { background: #8b949c; fill: #8b949c; }
.stale .badge::before { content: "was "; }
footer { font-size: .85rem; }
`;
