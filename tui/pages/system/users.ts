/** Accounts: add one, give it another role, a new one-time password, or take it away. */
import type { Role, User } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { ChoiceEntry } from '../../components/form-state.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { blank, line, span } from '../../format/line.ts';
import { wrap } from '../../format/width.ts';
import type { Shell } from '../../shell.ts';

const roleOf = (text: string | undefined): Role =>
  text === 'admin' || text === 'operator' ? text : 'viewer';

const roleEntry = (value: Role): ChoiceEntry => ({
  kind: 'choice',
  name: 'role',
  label: 'Role',
  value,
  options: [
    { value: 'viewer', label: 'viewer: looks' },
    { value: 'operator', label: 'operator: cameras too' },
    { value: 'admin', label: 'admin: everything' },
  ],
});

/** A one-time password is shown once; only its owner may ever know more. */
function showOneTimePassword(shell: Shell, user: string, password: string): void {
  const text = 'It is shown only now. Whoever logs in with it must choose another one at once.';
  shell.open(
    textOverlay(shell, {
      title: `One-time password of ${user}`,
      copy: { text: password, what: 'the one-time password' },
      lines: (_frame, width) => [
        line(span(password, 'strong')),
        blank,
        ...wrap(text, width).map((row) => line(row)),
      ],
    }),
  );
}

export function addUser(shell: Shell, done: () => void): void {
  if (!shell.mayChange()) return;
  let added: { name: string; oneTimePassword: string } | null = null;
  shell.open(
    formOverlay(shell, {
      title: 'Add a user',
      entries: [
        {
          kind: 'text',
          name: 'name',
          label: 'Name',
          check: (name) =>
            /^[a-z][a-z0-9._-]{0,31}$/.test(name) ? null : 'lower-case letters and digits, a letter first',
        },
        roleEntry('operator'),
      ],
      submit: 'Add user',
      working: 'Adding the user',
      async send(values) {
        added = await shell.client.user.add({ name: values.name ?? '', role: roleOf(values.role) });
        return true;
      },
      done() {
        if (added) showOneTimePassword(shell, added.name, added.oneTimePassword);
        done();
      },
    }),
  );
}

export function editUser(shell: Shell, user: User, done: () => void): void {
  if (!shell.mayChange()) return;
  shell.open(
    formOverlay(shell, {
      title: `Change user ${user.name}`,
      entries: [
        roleEntry(user.role),
        {
          kind: 'choice',
          name: 'disabled',
          label: 'May log in',
          value: user.disabled ? 'yes' : 'no',
          options: [
            { value: 'no', label: 'yes' },
            { value: 'yes', label: 'no, disabled' },
          ],
        },
      ],
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        await shell.client.user.edit({
          name: user.name,
          role: roleOf(values.role),
          disabled: values.disabled === 'yes',
        });
        return true;
      },
      done,
    }),
  );
}

export function resetPassword(shell: Shell, user: User, done: () => void): void {
  if (!shell.mayChange()) return;
  let password = '';
  shell.open(
    confirmOverlay(shell, {
      title: `New password for ${user.name}`,
      consequences: ['The present password stops working and the sessions of this user end.'],
      verb: 'Make a one-time password',
      working: 'Working',
      act: async () => {
        ({ oneTimePassword: password } = await shell.client.user.resetPassword({ name: user.name }));
      },
      done() {
        showOneTimePassword(shell, user.name, password);
        done();
      },
    }),
  );
}

export function removeUser(shell: Shell, user: User, done: () => void): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Remove user ${user.name}`,
      consequences: ['The account is gone and its sessions end. What it did stays in the audit.'],
      typed: user.name,
      verb: 'Remove',
      working: 'Removing',
      act: async () => {
        await shell.client.user.remove({ name: user.name });
      },
      done,
    }),
  );
}
