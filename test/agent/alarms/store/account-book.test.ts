import { expect, it } from 'vitest';
import { AccountBook } from '../../../../agent/alarms/store/account-book.ts';
import { sampleEvent } from './sample-events.ts';

it('accounts that somebody makes up do not hide those of the directory', () => {
  const book = new AccountBook([]);
  for (let made = 0; made <= 150_000; made += 1) {
    book.count({ ...sampleEvent(1), account: `X${made}`, known: false });
  }
  book.heard('1234', 5);
  book.count({ ...sampleEvent(1), account: '1235', known: true });
  expect(book.get('X150000')).toBeNull();
  expect(book.get('1234')?.lastHeardMs).toBe(5);
  expect(book.get('1235')?.alarms).toBe(1);
});
