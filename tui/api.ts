/** What the console needs of a connection: typed calls and a visible state, so that tests can stand in for a node. */
import type { ConnectionState, Connection as NodeConnection } from '../src/client/connect.ts';

export type { ConnectionState };

/** The connection of `src/client`, cut down to what the screens use. */
export type Connection = Pick<
  NodeConnection,
  'client' | 'address' | 'local' | 'state' | 'onState' | 'setToken' | 'download' | 'close'
>;

export type ApiClient = Connection['client'];
