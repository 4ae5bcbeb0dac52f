// src/check/certificate.ts: certificates in words.
import t from 'tap';
import { type CertificateFacts, explainCertificate, explainHandshake, judgeExpiry } from '../../src/check/certificate.ts';

const DAY = 86_400_000;
/** 2026-11-27 12:00 UTC */
const NOW = Date.UTC(2026, 10, 27, 12);

const OWN: CertificateFacts = {
  names: ['www.example', '192.0.2.1'],
  subject: 'www.example',
  issuer: 'Example Intermediate',
  from: NOW - 30 * DAY,
  until: NOW + 60 * DAY,
};
const MIDDLE: CertificateFacts = { ...OWN, names: [], subject: 'Example Intermediate', issuer: 'Example Root' };
const ROOT: CertificateFacts = { ...MIDDLE, subject: 'Example Root' };

const explain = (code: string, chain: readonly CertificateFacts[], host = 'www.example') => {
  const { trouble, seen } = explainCertificate(code, chain, host, NOW);
  t.equal(trouble, 'certificate');
  return seen;
};

t.test('days until the end', async t => {
  t.equal(judgeExpiry(NOW + 14 * DAY, 14, NOW), null);
  t.strictSame(judgeExpiry(NOW + 14 * DAY - 1, 14, NOW), {
    trouble: 'certificate',
    seen: 'certificate expires on 2026-12-11, in 13 days; at least 14 wanted',
  });
  t.match(judgeExpiry(NOW + DAY, 14, NOW)?.seen, /in 1 day; at least 14 wanted$/);
  t.match(judgeExpiry(NOW + 1, 1, NOW)?.seen, /in 0 days/);
  t.equal(judgeExpiry(NOW + 1, 0, NOW), null);
  t.equal(judgeExpiry(NOW, 0, NOW)?.seen, 'certificate expired on 2026-11-27');
});

t.test('expired', async t => {
  t.equal(explain('CERT_HAS_EXPIRED', [{ ...OWN, until: Date.UTC(2026, 10, 20) }]), 'certificate expired on 2026-11-20');
  t.equal(
    explain('CERT_HAS_EXPIRED', [OWN, MIDDLE, { ...ROOT, until: Date.UTC(2021, 8, 30, 14) }]),
    'authority Example Root expired on 2021-09-30',
  );
  t.equal(explain('CERT_HAS_EXPIRED', [OWN, MIDDLE]), 'an authority has expired', 'one that the server did not send');
});

t.test('not yet valid', async t => {
  t.equal(
    explain('CERT_NOT_YET_VALID', [{ ...OWN, from: Date.UTC(2027, 0, 1) }]),
    'certificate is not valid before 2027-01-01; here it is 2026-11-27',
  );
  t.match(
    explain('CERT_NOT_YET_VALID', [OWN, { ...MIDDLE, from: NOW + DAY }]),
    /^authority Example Intermediate is not valid before 2026-11-28/,
  );
  t.match(explain('CERT_NOT_YET_VALID', [OWN]), /^certificate is not valid before/);
});

t.test('for somebody else', async t => {
  const other = (names: readonly string[]) => explain('ERR_TLS_CERT_ALTNAME_INVALID', [{ ...OWN, names }]);
  t.equal(other(['other.example']), 'certificate is for other.example, not www.example');
  t.equal(other(['a', 'b', 'c', 'd', 'e']), 'certificate is for a, b, c and 2 more, not www.example');
  t.equal(other([]), 'certificate is for no host, not www.example');
  t.equal(other(['a\x1b[2J\nb']), 'certificate is for a [2J b, not www.example');
});

t.test('from somebody whom nobody knows', async t => {
  t.equal(
    explain('DEPTH_ZERO_SELF_SIGNED_CERT', [{ ...OWN, issuer: 'www.example' }]),
    'certificate of www.example is self-signed; give it as ca to believe it',
  );
  t.equal(
    explain('SELF_SIGNED_CERT_IN_CHAIN', [OWN, MIDDLE, ROOT]),
    'certificate comes from Example Root, an authority that is not known here',
  );
  for (const code of ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']) {
    t.match(explain(code, [OWN]), /^certificate comes from Example Intermediate, not known here/);
    t.match(explain(code, [OWN, MIDDLE]), /^certificate comes from Example Root, not known here/);
  }
});

t.test('everything else', async t => {
  t.equal(explain('CERT_SIGNATURE_FAILURE', [OWN]), 'certificate is not accepted: cert signature failure');
  t.equal(explain('CERT_HAS_EXPIRED', []), 'the server has no certificate');
  t.match(explain('CERT_HAS_EXPIRED', [{ ...OWN, until: -8.65e15 }]), /expired on no day at all/);
  t.match(explain('CERT_NOT_YET_VALID', [{ ...OWN, from: Number.NaN }]), /not valid before no day at all/);
});

t.test('no handshake', async t => {
  t.strictSame(explainHandshake('ERR_SSL_WRONG_VERSION_NUMBER'), { trouble: 'protocol', seen: 'the server does not speak TLS here' });
  t.equal(explainHandshake('ERR_SSL_PACKET_LENGTH_TOO_LONG').trouble, 'protocol');
  t.strictSame(explainHandshake('ERR_SSL_UNSUPPORTED_PROTOCOL'), {
    trouble: 'certificate',
    seen: 'TLS handshake failed: unsupported protocol',
  });
  t.equal(
    explainHandshake('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED').seen,
    'the server refuses the handshake: tlsv13 alert certificate required; it may want a certificate of ours, or other ciphers',
  );
});
