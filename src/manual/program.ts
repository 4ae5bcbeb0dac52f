// holdfast(8): the verbs and what surrounds them.
// Must not know what a verb does, nor how a page looks.
import { heading, items, literal, type Page, subheading, text } from './page.ts';
import { callsOf, STATUSES, sentencesOf, VERBS } from './verbs.ts';

export function programPage(): Page {
  return {
    name: 'holdfast',
    section: 8,
    about: 'keep a service reachable when the machine under it dies',
    blocks: [
      heading('SYNOPSIS'),
      literal(VERBS.flatMap(callsOf).join('\n')),
      heading('DESCRIPTION'),
      text(
        'Two or more machines share a virtual IP address by VRRP (RFC 9568). The one that holds it is the Active router (formerly master), the others are Backup. holdfast checks',
        'services, brings them back when they die or hang, and gives the address to another machine when it cannot. It is configured by holdfast.toml(5).',
      ),
      heading('VERBS'),
      ...VERBS.flatMap(verb => [
        subheading(verb.name),
        literal(callsOf(verb).join('\n')),
        text(...sentencesOf(verb)),
        ...(verb.options.length === 0 ? [] : [items(verb.options.map(option => ({ term: option.flag, blocks: [text(option.text)] })))]),
      ]),
      heading('EXIT STATUS'),
      items(STATUSES.map(([status, meaning]) => ({ term: `${status}`, blocks: [text(`${meaning}.`)] }))),
      heading('SIGNALS'),
      items([
        { term: 'SIGHUP', blocks: [text('Read the configuration again. `holdfast reload` does the same and says what became of it.')] },
        { term: 'SIGTERM, SIGINT', blocks: [text('Hand the addresses over, run the hooks of a stop, and end.')] },
      ]),
      heading('ENVIRONMENT'),
      items([
        {
          term: 'STATE_DIRECTORY',
          blocks: [text('Where history, orders that are kept, and what was learned of peers are; set by systemd.')],
        },
        { term: 'CREDENTIALS_DIRECTORY', blocks: [text('Where `credential = "NAME"` is looked for; set by systemd.')] },
      ]),
      heading('FILES'),
      items([
        { term: '/etc/holdfast/holdfast.toml', blocks: [text('The configuration, with holdfast.d/*.toml beside it.')] },
        { term: '/run/holdfast/control.sock', blocks: [text('Where the daemon listens for the other verbs.')] },
        { term: '/var/lib/holdfast', blocks: [text('History and orders.')] },
      ]),
      heading('SEE ALSO'),
      text('holdfast.toml(5), systemctl(1), journalctl(1), RFC 9568'),
    ],
  };
}
