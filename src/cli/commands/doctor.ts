/** `holdfast doctor`: checks of the node with evidence and what to do; ends with code 1 when one fails. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { DoctorCheck } from '../../contract/index.ts';
import { addCommand, type CommandHost } from '../command.ts';
import type { Tone } from '../output.ts';

const tones: Readonly<Record<DoctorCheck['result'], Tone>> = {
  pass: 'good',
  warn: 'warning',
  fail: 'bad',
  skip: 'dim',
};

export function addDoctor(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'doctor',
    summary: 'check the node and say what to fix; ends with code 1 when a check fails',
    options: z.object({}),
    examples: ['holdfast doctor', 'holdfast doctor --json | jq \'.[] | select(.result=="fail")\''],
    run: async (context) => {
      const checks = await context.withNode(({ client }) => client.node.doctor());
      context.output.list(
        checks,
        [
          { title: 'result', value: (row) => row.result, tone: (row) => tones[row.result] },
          { title: 'check', value: (row) => row.name },
          { title: 'evidence', value: (row) => row.evidence },
          { title: 'fix', value: (row) => row.fix ?? '' },
        ],
        'no checks',
      );
      if (checks.some(({ result }) => result === 'fail')) context.exitWith(1);
    },
  });
}
