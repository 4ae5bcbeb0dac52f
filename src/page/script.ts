// What the page does in a browser: takes updates in, and turns grey when they stop. Written for the browser, as text.
// Must not know what an update says. Its hash stands in the Content-Security-Policy, so it is the same for everybody.

/** Each second there is a word; so long without one, in ms, and the page no longer claims to be true. */
export const PATIENCE = 3500;

export const SCRIPT = `
'use strict';
(() => {
  const view = document.getElementById('view');
  const stale = document.getElementById('stale');
  const icon = document.getElementById('icon');
  const COLOURS = { active: '%231a7f37', backup: '%232b62a8', leaving: '%239a6700', fault: '%23b3261e' };
  let last = Date.now();
  let grey = null;
  const two = value => String(value).padStart(2, '0');
  const clock = at => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  const paint = () => {
    const head = view.querySelector('header');
    const colour = (!grey && head && COLOURS[head.dataset.light]) || '%239aa4ad';
    icon.href = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="' + colour + '"/></svg>';
    document.title = (grey ? 'no word: ' : '') + ((head && head.dataset.title) || 'holdfast');
  };
  const judge = () => {
    const silent = Math.abs(Date.now() - last);
    if (silent < ${PATIENCE}) {
      if (grey) { document.documentElement.classList.remove('stale'); stale.hidden = true; grey = false; paint(); }
      return;
    }
    stale.textContent = 'No word from this machine since ' + clock(new Date(last)) + ', ' + Math.round(silent / 1000) +
      ' s: holdfast, the machine or the way to it is down. What stands below was true then.';
    if (!grey) { document.documentElement.classList.add('stale'); stale.hidden = false; grey = true; paint(); }
  };
  const heard = () => { last = Date.now(); judge(); };
  const listen = () => {
    const source = new EventSource('events');
    source.addEventListener('view', message => { view.innerHTML = message.data; heard(); paint(); });
    source.addEventListener('beat', heard);
    source.addEventListener('error', () => { if (source.readyState === 2) setTimeout(listen, 2000); });
  };
  setInterval(judge, 500);
  document.addEventListener('visibilitychange', judge);
  grey = false;
  paint();
  listen();
})();
`;
