/** The way in: log-in, and the change of a password that may not stay. */
import { describePasswordProblem, passwordProblems } from '../src/model/password-policy.ts';
import { formOverlay } from './components/form-overlay.ts';
import type { Entry, Values } from './components/form-state.ts';
import { blank, type Line, line, span } from './format/line.ts';
import { wrap } from './format/width.ts';
import type { Overlay, Shell } from './shell.ts';

/** Inside the box on the narrowest terminal. */
const loginColumns = 54;
/** Who every node is born with; whoever types no name is this one. */
const firstUser = 'admin';

export interface LoginOptions {
  /** The certificate's fingerprint when the node is met for the first time. */
  fingerprint: string | null;
  /** Somebody was in, and is not any more. */
  ended: boolean;
  /** Gets the token of the new session. */
  entered: (session: { user: string; token: string }) => void;
}

/** Asks for user and password. */
export function loginOverlay(shell: Shell, { fingerprint, ended, entered }: LoginOptions): Overlay {
  const firstContact =
    fingerprint === null
      ? []
      : [
          line(span('First contact. The certificate has this fingerprint:', 'warn')),
          ...wrap(fingerprint, loginColumns).map((row) => line(span(row, 'strong'))),
          line('Compare it with what the node shows on its own console.'),
          blank,
        ];
  const why = ended ? [line(span('The session has ended. Log in to go on.', 'warn')), blank] : [];
  return formOverlay(shell, {
    title: 'Log in',
    intro: [line('Node  ', span(shell.connection.address, 'strong')), blank, ...why, ...firstContact],
    entries: [
      { kind: 'text', name: 'user', label: 'User', placeholder: firstUser },
      { kind: 'text', name: 'password', label: 'Password', secret: true, check: required },
      { kind: 'note', lines: () => [blank] },
    ],
    cancel: 'Quit',
    cancelled: () => shell.quit(),
    submit: 'Log in',
    typedAnew: 'password',
    working: 'Logging in',
    async send(values) {
      const { token, user } = await shell.client.session.login({
        user: values.user || firstUser,
        password: values.password ?? '',
      });
      entered({ user, token });
      return true;
    },
  });
}

export interface PasswordOptions {
  user: string;
  /** False on the local console, where the operating system has already asked. */
  askCurrent: boolean;
  /** Nobody goes on without it. */
  forced: boolean;
  done(): void;
}

export function passwordOverlay(shell: Shell, options: PasswordOptions): Overlay {
  const current: Entry[] = options.askCurrent
    ? [{ kind: 'text', name: 'current', label: 'Present password', secret: true, check: required }]
    : [];
  const why = options.forced
    ? [line('The first password must be changed before anything else.'), blank]
    : [line('User  ', span(options.user, 'strong')), blank];
  return formOverlay(shell, {
    title: 'Change password',
    intro: why,
    entries: [
      ...current,
      { kind: 'text', name: 'next', label: 'New password', secret: true, check: acceptable },
      { kind: 'text', name: 'again', label: 'New password again', secret: true, check: same },
      { kind: 'note', lines: (values, width) => policyLines(values, options.user, width) },
    ],
    ...(options.forced ? { cancel: 'Quit', cancelled: () => shell.quit() } : {}),
    submit: 'Change password',
    ...(options.askCurrent ? { typedAnew: 'current' } : {}),
    working: 'Changing the password',
    async send(values) {
      await shell.client.session.changePassword({
        user: options.user,
        ...(options.askCurrent ? { current: values.current ?? '' } : {}),
        next: values.next ?? '',
      });
      return true;
    },
    done: options.done,
  });

  function acceptable(value: string): string | null {
    const [first] = passwordProblems({ password: value, userName: options.user, usedBefore: false });
    return first === undefined ? null : describePasswordProblem(first);
  }
}

function required(value: string): string | null {
  return value === '' ? 'is needed' : null;
}

function same(value: string, values: Values): string | null {
  return value === values.next ? null : 'the two are not the same';
}

/** What the policy says to the password as it stands, while it is typed. */
function policyLines(values: Values, userName: string, width: number): Line[] {
  const password = values.next ?? '';
  const problems =
    password === ''
      ? ['at least 8 characters of two kinds: digits, lower case, upper case, symbols']
      : passwordProblems({ password, userName, usedBefore: false }).map(describePasswordProblem);
  const tone = password === '' ? 'dim' : 'warn';
  const rows = problems.flatMap((text) => wrap(text, width - 2)).map((row) => line('  ', span(row, tone)));
  const matched = values.again === password ? 'good: both are the same' : 'good; now the same once more';
  const verdict = problems.length === 0 ? [line('  ', span(matched, 'good'))] : rows;
  return [
    blank,
    ...verdict.slice(0, 3),
    ...Array.from({ length: Math.max(0, 3 - verdict.length) }, () => blank),
  ];
}
