/** `holdfast device import` and `export`: devices as a file. */
import type { Command } from 'commander';
import type { CommandHost } from '../../command.ts';

export function addDeviceFiles(_noun: Command, _host: CommandHost): void {}
