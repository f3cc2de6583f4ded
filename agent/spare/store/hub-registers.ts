/** Small texts on the hub with compare-and-set: the roster, and what each member says of itself. */
import { AppError } from '../../../src/errors.ts';
import type { Position } from '../../hub/protocol/schema.ts';
import { formatRevision, parseRevision } from '../../standby/lease/revision.ts';
import type { TextRegister } from '../types.ts';
import type { HubLink } from './hub-link.ts';

const textLengthMax = 8_192;

/** `onPosition` is told the place of each write that is seen. */
export function hubRegister(
  link: HubLink,
  register: string,
  onPosition: (position: Position) => void,
): TextRegister {
  const revisionOf = (position: Position) => {
    onPosition(position);
    return formatRevision({ lineage: 'hub', number: BigInt(position.revision), tag: position.boot });
  };
  return {
    async read(timeoutMs) {
      const { value } = await link.ask('value', { op: 'read', register }, timeoutMs);
      return value && { text: value.text, revision: revisionOf(value.position) };
    },
    async write(expected, text, timeoutMs) {
      const request = {
        op: 'write',
        register,
        expected: positionOf(expected),
        value: checkedText(text),
      } as const;
      return revisionOf((await link.ask('written', request, timeoutMs)).position);
    },
  };
}

/** @throws AppError `invalid_input`. */
export function checkedText(text: string): string {
  if (text.length <= textLengthMax) return text;
  throw new AppError('invalid_input', `a register holds at most ${textLengthMax} characters`);
}

function positionOf(revision: string | null): Position | null {
  if (revision === null) return null;
  const { number, tag } = parseRevision(revision);
  return { boot: tag, revision: Number(number) };
}
