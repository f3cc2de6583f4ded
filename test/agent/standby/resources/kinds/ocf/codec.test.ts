import { describe, expect, it } from 'vitest';
import {
  describeExit,
  isRunning,
  ocfEnvironment,
  parseMetaData,
} from '../../../../../../agent/standby/resources/kinds/ocf/codec.ts';

describe('exit codes of OCF agents', () => {
  it.each([
    [0, true, 'success (0)'],
    [1, false, 'generic error (1)'],
    [5, false, 'a program it needs is not installed (5)'],
    [6, false, 'not configured correctly (6)'],
    [7, false, 'not running (7)'],
    [8, true, 'running as promoted (8)'],
    [9, false, 'failed as promoted (9)'],
    [190, true, 'running, degraded (190)'],
    [42, false, 'an exit code that OCF does not know (42)'],
    [null, false, 'killed'],
  ])('%s: running %s, in words %s', (code, running, words) => {
    expect(isRunning(code)).toBe(running);
    expect(describeExit(code)).toBe(words);
  });
});

describe('meta-data', () => {
  it('gives time-outs in every unit, and of several monitors the plainest', () => {
    const { timeoutsMs, parameters } = parseMetaData(`<?xml version="1.0"?>
      <resource-agent name="x"><parameters>
      <parameter name="ip" unique="1" required="1"><content type="string" default="" /></parameter>
      <parameter name="port" ><content type="string"/></parameter></parameters>
      <actions><action name="start" timeout="40s" /><action name="stop" timeout="1min"/>
      <action name="monitor" timeout="45" depth="20" /><action name="monitor" depth="0" timeout="500ms" interval="10s"/>
      <action name="odd" timeout="soon" /></actions></resource-agent>`);
    expect([...timeoutsMs]).toEqual([
      ['start', 40_000],
      ['stop', 60_000],
      ['monitor', 500],
    ]);
    expect(parameters).toEqual([
      { name: 'ip', required: true },
      { name: 'port', required: false },
    ]);
  });

  it('that is none gives nothing', () => {
    expect(parseMetaData('not <xml').timeoutsMs.size).toBe(0);
  });
});

it('the environment of an agent cannot be changed by its parameters', () => {
  const env = ocfEnvironment({
    root: '/usr/lib/ocf',
    provider: 'heartbeat',
    type: 'Dummy',
    instance: 'd1',
    parameters: { state: '/run/x', CRM_meta_timeout: '1' },
    timeoutMs: 20_000,
  });
  expect(env).toMatchObject({
    OCF_ROOT: '/usr/lib/ocf',
    OCF_RESOURCE_INSTANCE: 'd1',
    OCF_RESKEY_state: '/run/x',
    OCF_RESKEY_CRM_meta_timeout: '20000',
  });
});
