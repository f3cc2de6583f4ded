/** The password policy: what is refused, each refusal with its reason. Pure. */

export const passwordLengthMin = 8;
/** How many earlier passwords are refused. */
export const passwordHistory = 5;

const kindsMin = 2;

export type PasswordProblem = 'too-short' | 'too-few-kinds' | 'user-name' | 'common' | 'used-before';

/** Lower case; compared whole, so that a phrase which merely holds one of them passes. */
const common = new Set(
  `
  password password1 password12 password123 password1234 password! password1! passwort passwort1 passw0rd
  passw0rd! p@ssw0rd p@ssw0rd1 p@ssword pa$$word pa$$w0rd qwerty123 qwertz123 azerty123 qwertyuiop qwerty12
  asdfghjkl zxcvbnm1 abcdefgh abcdefg1 a1b2c3d4 abcd1234 abc12345 abc123456 abcd123456 1q2w3e4r 1q2w3e4r5t
  q1w2e3r4 1qaz2wsx 1qaz@wsx !qaz2wsx zaq12wsx letmein1 letmein123 welcome1 welcome12 welcome123 welcome1!
  admin123 admin1234 admin12345 admin123456 admin@123 admin123! administrator administrator1 root1234
  root12345 guest123 user1234 test1234 test12345 changeme changeme1 changeme123 default1 iloveyou iloveyou1
  sunshine1 princess1 football1 baseball1 superman1 trustno1 camera123 camera1234 hikvision hik12345
  hik123456 hikvision1 dahua123 dahua1234 security1 master123 secret123 operator1 system123 12345678a
  123456789a 1234567890a a12345678 a123456789 11111111a
  `
    .trim()
    .split(/\s+/),
);

const texts: Readonly<Record<PasswordProblem, string>> = {
  'too-short': `it must have at least ${passwordLengthMin} characters`,
  'too-few-kinds': 'it must hold at least two of: digits, lower-case letters, upper-case letters, symbols',
  'user-name': 'it must not be the user name, forwards or backwards',
  common: 'it is among the passwords that are guessed first',
  'used-before': `it must differ from the last ${passwordHistory} passwords`,
};

/** A refusal in words, to follow "the password is refused: ". */
export function describePasswordProblem(problem: PasswordProblem): string {
  return texts[problem];
}

/** Everything wrong with a new password, empty when it is accepted. `usedBefore`: equals one of the last ones. */
export function passwordProblems(candidate: {
  password: string;
  userName: string;
  usedBefore: boolean;
}): PasswordProblem[] {
  const { password, userName, usedBefore } = candidate;
  const problems: PasswordProblem[] = [];
  if ([...password].length < passwordLengthMin) problems.push('too-short');
  if (kindsOf(password) < kindsMin) problems.push('too-few-kinds');
  if (isUserName(password, userName)) problems.push('user-name');
  if (isCommon(password)) problems.push('common');
  if (usedBefore) problems.push('used-before');
  return problems;
}

function kindsOf(password: string): number {
  return [/\p{Nd}/u, /\p{Ll}/u, /\p{Lu}/u, /[^\p{L}\p{Nd}]/u].filter((kind) => kind.test(password)).length;
}

function isUserName(password: string, userName: string): boolean {
  const lower = password.toLowerCase();
  const name = userName.toLowerCase();
  return lower === name || lower === [...name].reverse().join('');
}

/** On the list, or one to three characters repeated. */
function isCommon(password: string): boolean {
  const lower = password.toLowerCase();
  return common.has(lower) || /^(.{1,3}?)\1+$/su.test(lower);
}
