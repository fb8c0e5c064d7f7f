import { NetworkPort } from '../../src';
import { refusal } from '../private/refusal';

describe('a port', () => {
  it.each<[NetworkPort, any, string]>([
    [NetworkPort.tcp(443), { protocol: 'TCP', port: 443 }, 'TCP 443'],
    [NetworkPort.udp(53), { protocol: 'UDP', port: 53 }, 'UDP 53'],
    [NetworkPort.sctp(3868), { protocol: 'SCTP', port: 3868 }, 'SCTP 3868'],
    [NetworkPort.tcp(1), { protocol: 'TCP', port: 1 }, 'TCP 1'],
    [NetworkPort.tcp(65535), { protocol: 'TCP', port: 65535 }, 'TCP 65535'],
    [NetworkPort.tcpRange(8000, 8010), { protocol: 'TCP', port: 8000, endPort: 8010 }, 'TCP 8000-8010'],
    [NetworkPort.udpRange(8000, 8010), { protocol: 'UDP', port: 8000, endPort: 8010 }, 'UDP 8000-8010'],
    [NetworkPort.sctpRange(8000, 8010), { protocol: 'SCTP', port: 8000, endPort: 8010 }, 'SCTP 8000-8010'],
    [NetworkPort.tcpRange(80, 80), { protocol: 'TCP', port: 80 }, 'TCP 80'],
    [NetworkPort.tcpNamed('http'), { protocol: 'TCP', port: 'http' }, 'TCP http'],
    [NetworkPort.udpNamed('dns'), { protocol: 'UDP', port: 'dns' }, 'UDP dns'],
    [NetworkPort.sctpNamed('diameter'), { protocol: 'SCTP', port: 'diameter' }, 'SCTP diameter'],
    [NetworkPort.all(), undefined, 'all ports'],
  ])('%s', (port, manifest, words) => {
    expect(port.toManifest()).toEqual(manifest);
    expect(`${port}`).toBe(words);
  });

  it.each([0, 65536, -1, 1.5, NaN, Infinity])('%s is refused', number => {
    for (const make of [NetworkPort.tcp, NetworkPort.udp, NetworkPort.sctp]) {
      expect(refusal(() => make(number))).toMatch(/^NetworkPort: port = .+ is not a port\. Fix: give an integer from 1 to 65535\.$/);
    }
  });

  it.each([[0, 10, 'first'], [1, 65536, 'last'], [1, 0, 'last']])('the range %s-%s is refused for its %s', (first, last, field) => {
    for (const make of [NetworkPort.tcpRange, NetworkPort.udpRange, NetworkPort.sctpRange]) {
      expect(refusal(() => make(first, last))).toMatch(new RegExp(`^NetworkPort: ${field} = \\d+ is not a port\\.`));
    }
  });

  it('an inverted range is refused', () => {
    expect(refusal(() => NetworkPort.tcpRange(8010, 8000))).toBe('NetworkPort: last = 8000 is before the first port, 8010. Fix: give the lower port first.');
  });

  it.each(['a', 'http', 'http-2', 'a1', '1a', 'fifteen-letters'])('%s may name a port', name => expect(NetworkPort.tcpNamed(name).name).toBe(name));

  it.each(['80', 'HTTP', '-http', 'http-', 'a--b', 'a_b', 'a.b', 'http '])('%s is refused as a name', name => {
    for (const make of [NetworkPort.tcpNamed, NetworkPort.udpNamed, NetworkPort.sctpNamed]) expect(refusal(() => make(name))).toMatch(/^NetworkPort: name = /);
  });

  it('a name says what is wrong with it', () => {
    expect(refusal(() => NetworkPort.tcpNamed('8080'))).toBe(
      'NetworkPort: name = "8080" is not the name of a port (lower-case letters, digits and single "-", with at least one letter). Fix: write the name of the container\'s port, such as "http", or use its number.');
    expect(refusal(() => NetworkPort.tcpNamed('sixteen-letters-'))).toBe(
      'NetworkPort: name = "sixteen-letters-" is 16 characters long, the limit is 15. Fix: shorten it to 15 characters.');
    expect(refusal(() => NetworkPort.tcpNamed(''))).toBe('NetworkPort: name = "" is empty. Fix: give the name of a port, such as "http".');
  });
});
