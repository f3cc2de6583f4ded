/** Debian's etcd on loopback, one member or three. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePorts, installed, Member, until } from './member.ts';
import { type StoreKind, type StoreServers, untilServing } from './servers.ts';

const missing = installed('etcd') ? null : 'etcd is missing: apt-get install etcd-server';

export const singleEtcd: StoreKind = { name: 'etcd', missing, start: () => startEtcd(1) };
export const threeEtcd: StoreKind = { name: 'etcd, three members', missing, start: () => startEtcd(3) };

const user = 'holdfast';
const password = 'a test';

async function startEtcd(count: number): Promise<StoreServers> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-etcd-'));
  const ports = await freePorts(count * 2);
  const names = Array.from({ length: count }, (_, at) => `m${at + 1}`);
  const clientUrl = (at: number) => `http://127.0.0.1:${ports[at]}`;
  const peerUrl = (at: number) => `http://127.0.0.1:${ports[count + at]}`;
  const cluster = names.map((name, at) => `${name}=${peerUrl(at)}`).join(',');
  const members = names.map((name, at) => {
    const dataDir = join(folder, name);
    const args = [
      ...['--name', name, '--data-dir', dataDir, '--log-level', 'warn', '--logger', 'zap'],
      ...['--listen-client-urls', clientUrl(at), '--advertise-client-urls', clientUrl(at)],
      ...['--listen-peer-urls', peerUrl(at), '--initial-advertise-peer-urls', peerUrl(at)],
      ...['--initial-cluster', cluster, '--initial-cluster-token', folder],
    ];
    return new Member({ name, command: 'etcd', args, dataDir });
  });
  for (const member of members) member.start();
  const endpoints = members.map((_, at) => clientUrl(at));
  const servers: StoreServers = {
    config: { kind: 'etcd', endpoints, user, password },
    wrongAccount: { kind: 'etcd', endpoints, user, password: 'another' },
    members,
    leader: () => leaderOf(members, endpoints),
    readsAreLinearizable: true,
    close: async () => {
      await Promise.all(members.map((member) => member.end()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await until('etcd takes accounts', 20_000, () => addAccount(endpoints[0] ?? ''));
  await untilServing(servers);
  return servers;
}

/** An account that may touch the leases and nothing else, and the refusal of all others. */
async function addAccount(endpoint: string): Promise<boolean> {
  const key = Buffer.from('holdfast/lease/').toString('base64');
  const rangeEnd = Buffer.from('holdfast/lease0').toString('base64');
  const steps: [string, object][] = [
    ['user/add', { name: 'root', password }],
    ['role/add', { name: 'root' }],
    ['user/grant', { user: 'root', role: 'root' }],
    ['user/add', { name: user, password }],
    ['role/add', { name: user }],
    ['role/grant', { name: user, perm: { permType: 'READWRITE', key, range_end: rangeEnd } }],
    ['user/grant', { user, role: user }],
    ['enable', {}],
  ];
  for (const [path, body] of steps) await post(`${endpoint}/v3/auth/${path}`, body);
  return true;
}

async function post(url: string, body: object): Promise<unknown> {
  const reply = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(2_000),
  });
  return reply.json();
}

const statusSchema = z.object({ leader: z.string(), header: z.object({ member_id: z.string() }) });

async function leaderOf(members: readonly Member[], endpoints: readonly string[]): Promise<Member> {
  for (const [at, endpoint] of endpoints.entries()) {
    const member = members[at];
    if (!member?.running) continue;
    const status = statusSchema.parse(await post(`${endpoint}/v3/maintenance/status`, {}));
    if (status.leader === status.header.member_id) return member;
  }
  throw new Error('no member of etcd leads');
}
