import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describePasswordProblem, passwordProblems } from '../../../src/model/password-policy.ts';

const problems = (password: string, userName = 'operator', usedBefore = false) =>
  passwordProblems({ password, userName, usedBefore });

describe('the password policy', () => {
  it.each(['horse-battery', 'Steckdose', '4711steckdose', 'ÄpfelÖl1', 'grün grün 7', 'Holdfast-2026'])(
    'accepts %s',
    (password) => expect(problems(password)).toEqual([]),
  );

  it.each([
    ['Short1!', ['too-short']],
    ['lowercaseonly', ['too-few-kinds']],
    ['13572468', ['too-few-kinds']],
    ['Password1', ['common']],
    ['aB1aB1aB1aB1', ['common']],
    ['', ['too-short', 'too-few-kinds']],
  ])('refuses "%s"', (password, expected) => expect(problems(password)).toEqual(expected));

  it('refuses the user name in any case, and backwards', () => {
    expect(problems('Camera.Room1', 'camera.room1')).toContain('user-name');
    expect(problems('1moor.aremac', 'camera.room1')).toContain('user-name');
  });

  it('refuses what was used before', () =>
    expect(problems('horse-battery', 'x', true)).toEqual(['used-before']));

  it('has words for each refusal', () => {
    for (const problem of ['too-short', 'too-few-kinds', 'user-name', 'common', 'used-before'] as const) {
      expect(describePasswordProblem(problem)).toMatch(/^it /);
    }
  });

  it('never accepts fewer than eight characters or one kind', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 7 }), (password) => {
        expect(problems(password)).toContain('too-short');
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{8,20}$/), (password) => {
        expect(problems(password)).toContain('too-few-kinds');
      }),
    );
  });
});
