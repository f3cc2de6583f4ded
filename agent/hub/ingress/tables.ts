/** Which devices the hub's ingress serves, as each group's host published it; their keys lie sealed in the database. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Sealer } from '../../settings/seal.ts';
import { inTransaction } from '../database.ts';
import { type IngressAccount, ingressPartSchema } from '../protocol/schema.ts';
import { createUploadsUnderWay } from '../uploads-under-way.ts';

const devicesMax = 100_000;
/** The group's host, and one that it has just taken over from. */
const uploadsPerAccountMax = 2;

export interface IngressTableState {
  version: number;
  accounts: ReadonlyMap<string, IngressAccount>;
}

export interface IngressTables {
  /** Null before the first was published. */
  get(account: string): IngressTableState | null;
  /** Told the account whose table was replaced. */
  onChange(listener: (account: string) => void): void;
  /** The uploads of one connection, one at a time. */
  uploads(account: string): TableUploads;
}

export interface TablePart {
  upload: string;
  version: number;
  part: number;
  last: boolean;
  accounts: readonly IngressAccount[];
}

interface TableUploads {
  /** With the last part the table takes the place of the one before. @throws AppError `invalid_input`, `disk_full`. */
  put(part: TablePart): void;
  close(): void;
}

const tableRow = z.object({ account: z.string(), version: z.number(), upload: z.string() });
const partRow = z.object({ sealed: z.string() });

export function openIngressTables(database: DatabaseSync, sealer: Sealer): IngressTables {
  const tables = new Map<string, IngressTableState & { upload: string }>();
  const stored = database.prepare('SELECT 1 FROM ingress WHERE account = ? AND upload = ?');
  const listeners: ((account: string) => void)[] = [];
  const underWay = createUploadsUnderWay(uploadsPerAccountMax);
  inTransaction(database, 'remove unfinished tables', () => {
    database.exec('DELETE FROM ingress_part WHERE upload NOT IN (SELECT upload FROM ingress)');
  });
  const known = database.prepare('SELECT * FROM ingress').all();
  for (const { account, version, upload } of known.map((row) => tableRow.parse(row))) {
    const accounts = readTable(database, sealer, account, upload);
    if (accounts) tables.set(account, { version, accounts, upload });
  }
  const store = (account: string, upload: Upload, { last, accounts, version }: TablePart) => {
    inTransaction(database, 'write the table of the ingress', () => {
      const sealed = sealer.sealText(JSON.stringify(accounts), contextOf(account));
      database
        .prepare('INSERT INTO ingress_part VALUES (?, ?, ?, ?)')
        .run(account, upload.id, upload.parts, sealed);
      if (!last) return;
      database.prepare('DELETE FROM ingress_part WHERE account = ? AND upload <> ?').run(account, upload.id);
      database
        .prepare(
          'INSERT INTO ingress VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET version = ?2, upload = ?3',
        )
        .run(account, version, upload.id);
    });
  };
  // What cannot be removed now, on a full disk, is removed with the next table, or at the next start.
  const forget = (account: string, upload: string) => {
    try {
      database.prepare('DELETE FROM ingress_part WHERE account = ? AND upload = ?').run(account, upload);
    } catch {
      // A database that is damaged says so to the next who asks.
    }
  };
  return {
    get(account) {
      const table = tables.get(account);
      // Another process removes accounts, and their tables with them.
      return table && stored.get(account, table.upload) !== undefined ? table : null;
    },
    onChange: (listener) => void listeners.push(listener),
    uploads(account) {
      let current: Upload | null = null;
      let end = () => {};
      const abandon = () => {
        if (current) forget(account, current.id);
        current = null;
        end();
      };
      return {
        put(part) {
          if (part.part === 0) {
            abandon();
            end = underWay.begin(account, abandon);
            current = { token: part.upload, id: randomUUID(), parts: 0, accounts: new Map() };
          }
          if (!current || current.token !== part.upload || current.parts !== part.part) throw outOfOrder();
          if (current.accounts.size + part.accounts.length > devicesMax) throw tooMany();
          if (part.last) underWay.giveUpOthers(account, abandon);
          store(account, current, part);
          current.parts += 1;
          for (const each of part.accounts) current.accounts.set(each.account, each);
          if (!part.last) return;
          tables.set(account, { version: part.version, accounts: current.accounts, upload: current.id });
          current = null;
          end();
          for (const listener of listeners) listener(account);
        },
        close: abandon,
      };
    },
  };
}

interface Upload {
  /** Chosen by the client. */
  token: string;
  /** Of its rows. */
  id: string;
  parts: number;
  accounts: Map<string, IngressAccount>;
}

/** Null when the key is another one by now: the group's host publishes the table again. */
function readTable(database: DatabaseSync, sealer: Sealer, account: string, upload: string) {
  const parts = database
    .prepare('SELECT sealed FROM ingress_part WHERE account = ? AND upload = ? ORDER BY number')
    .all(account, upload);
  try {
    const accounts = parts
      .map((row) => sealer.openText(partRow.parse(row).sealed, contextOf(account)))
      .flatMap((text) => ingressPartSchema.parse(JSON.parse(text)));
    return new Map(accounts.map((each) => [each.account, each]));
  } catch {
    return null;
  }
}

const contextOf = (account: string) => `ingress ${account}`;

function outOfOrder(): AppError {
  return new AppError('invalid_input', 'a part of a table that was not begun here', {
    hint: 'Begin again with part 0.',
  });
}

function tooMany(): AppError {
  return new AppError('invalid_input', `the ingress serves at most ${devicesMax} devices`, {
    hint: 'Let some of them report to the receivers directly.',
  });
}
