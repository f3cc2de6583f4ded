/** Names for the numbers in events. */
import { describe, expect, it } from 'vitest';
import { placeNames } from '../../../src/model/place-names.ts';

const config = {
  areas: [{ number: '1', name: 'Hall' }],
  zones: [
    { number: '010', name: 'Till', area: null, channel: null },
    { number: '0', name: 'Panel', area: null, channel: null },
  ],
  users: [{ number: '7', name: 'Miller' }],
};

describe('the names of a place', () => {
  it('are found however many zeroes a panel writes before a number, and zero is a number', () => {
    expect(placeNames({ area: '01', zone: '10', user: '007' }, config)).toEqual({
      ...{ areaName: 'Hall', zoneName: 'Till', userName: 'Miller' },
    });
    expect(placeNames({ area: null, zone: '000', user: null }, config).zoneName).toBe('Panel');
  });

  it('are null for what is not said, not named, or of no device', () => {
    const none = { areaName: null, zoneName: null, userName: null };
    expect(placeNames({ area: null, zone: null, user: null }, config)).toEqual(none);
    expect(placeNames({ area: '2', zone: '1', user: '70' }, config)).toEqual(none);
    expect(placeNames({ area: '1', zone: '10', user: '7' }, null)).toEqual(none);
  });
});
