/** The outage of an operation, as the console and the command line tell it. */
import { describe, expect, it } from 'vitest';
import { outageWords } from '../../../src/model/outage.ts';
import { samplePlan } from '../../support/sample-pair.ts';

describe('the outage of an operation', () => {
  it('is told in the unit that fits', () => {
    expect(outageWords(samplePlan('switch', { outageMs: 420 }))).toBe('about 420 ms');
    expect(outageWords(samplePlan('switch', { outageMs: 2_440 }))).toBe('about 2.4 s');
    expect(outageWords(samplePlan('switch', { outageMs: null }))).toBe('not known');
  });

  it('has no end by itself when the application is brought out, whichever node was asked', () => {
    expect(outageWords(samplePlan('bring-out', { outageMs: 0 }))).toBe('until it is brought in again');
    expect(outageWords(samplePlan('bring-out', { outageMs: null }))).toBe('until it is brought in again');
  });

  it('is none where nothing runs that could be brought out', () => {
    expect(outageWords(samplePlan('bring-out', { steps: [], outageMs: 0 }))).toBe('none');
  });
});
