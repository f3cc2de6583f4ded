/** The contract as something to implement: handlers are checked against it by type and by schema. */
import { implement } from '@orpc/server';
import { contract } from '../../../src/contract/index.ts';
import type { CallContext } from './context.ts';

export const api = implement(contract).$context<CallContext & Record<never, never>>();
