/** Who is let in as an automation. */
import { describe, expect, it } from 'vitest';
import { surgardClients } from '../../../../agent/alarms/surgard/clients.ts';

describe('the clients of a Sur-Gard server', () => {
  it('are this machine alone while nobody is named', () => {
    const clients = surgardClients([]);
    expect(clients.isLocal).toBe(true);
    for (const address of ['127.0.0.1', '127.8.8.8', '::1']) expect(clients.mayConnect(address)).toBe(true);
    for (const address of ['192.0.2.8', '10.0.0.1', '0.0.0.0', '2001:db8::1', 'fe80::1', ''])
      expect(clients.mayConnect(address)).toBe(false);
  });

  it('are those that are named, however an address is written, and not this machine by itself', () => {
    const clients = surgardClients(['192.0.2.8', '2001:DB8:0::1']);
    for (const address of ['192.0.2.8', '2001:db8::1']) expect(clients.mayConnect(address)).toBe(true);
    for (const address of ['192.0.2.9', '127.0.0.1', '::1', '2001:db8::2'])
      expect(clients.mayConnect(address)).toBe(false);
  });

  it('are whoever comes only where that was said', () => {
    expect(surgardClients(['any']).mayConnect('198.51.100.7')).toBe(true);
    expect(surgardClients(['any']).mayConnect('not an address')).toBe(false);
    expect(surgardClients(['ANY', 'arc.example', '*']).mayConnect('198.51.100.7')).toBe(false);
  });
});
