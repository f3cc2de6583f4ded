/** The OCF resource agent interface (Resource Agent API 1.0): environment, exit codes in words, what the meta-data says. */

/** OCF RA API 1.0 section 3.3.2; 8 and 9 and the degraded codes are of 1.1. */
const words: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'generic error',
  2: 'wrong arguments or parameters',
  3: 'action not implemented',
  4: 'not enough permissions',
  5: 'a program it needs is not installed',
  6: 'not configured correctly',
  7: 'not running',
  8: 'running as promoted',
  9: 'failed as promoted',
  190: 'running, degraded',
  191: 'promoted, degraded',
};

export const ocfSuccess = 0;
export const ocfUnimplemented = 3;
export const ocfNotRunning = 7;

/** Exit codes of `monitor` with which the resource serves. */
const runningCodes = new Set([0, 8, 190, 191]);

export function isRunning(code: number | null): boolean {
  return code !== null && runningCodes.has(code);
}

/** `generic error (1)`; `killed` for an agent that a signal ended. */
export function describeExit(code: number | null): string {
  return code === null ? 'killed' : `${words[code] ?? 'an exit code that OCF does not know'} (${code})`;
}

export interface OcfInstance {
  readonly root: string;
  readonly provider: string;
  readonly type: string;
  readonly instance: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** OCF RA API 1.0 section 3.5; the `CRM_meta` ones are what agents written for Pacemaker read. */
export function ocfEnvironment(instance: OcfInstance): Record<string, string> {
  const { root, provider, type } = instance;
  const parameters = Object.entries(instance.parameters).map(([name, value]) => [
    `OCF_RESKEY_${name}`,
    value,
  ]);
  return {
    ...Object.fromEntries(parameters),
    OCF_ROOT: root,
    OCF_RA_VERSION_MAJOR: '1',
    OCF_RA_VERSION_MINOR: '0',
    OCF_RESOURCE_INSTANCE: instance.instance,
    OCF_RESOURCE_PROVIDER: provider,
    OCF_RESOURCE_TYPE: type,
    OCF_RESKEY_CRM_meta_timeout: String(instance.timeoutMs),
    OCF_RESKEY_CRM_meta_name: instance.instance,
    OCF_RESKEY_CRM_meta_interval: '0',
  };
}

export interface OcfMetaData {
  /** Advertised time-outs in ms by action; of several `monitor` the one of the least depth. */
  readonly timeoutsMs: ReadonlyMap<string, number>;
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
}

/** Reads `action` and `parameter` elements; what it does not know is left out. */
export function parseMetaData(xml: string): OcfMetaData {
  const timeoutsMs = new Map<string, number>();
  let monitorDepth = Number.POSITIVE_INFINITY;
  for (const attributes of elements(xml, 'action')) {
    const timeoutMs = parseInterval(attributes.get('timeout') ?? '');
    const name = attributes.get('name');
    if (name === undefined || timeoutMs === null) continue;
    const depth = Number(attributes.get('depth') ?? 0);
    if (name === 'monitor' && depth >= monitorDepth) continue;
    if (name === 'monitor') monitorDepth = depth;
    timeoutsMs.set(name, timeoutMs);
  }
  const parameters = elements(xml, 'parameter').flatMap((attributes) => {
    const name = attributes.get('name');
    return name === undefined ? [] : [{ name, required: attributes.get('required') === '1' }];
  });
  return { timeoutsMs, parameters };
}

/** `20`, `20s`, `1min`, `500ms`. */
function parseInterval(text: string): number | null {
  const match = /^(\d{1,6})\s*(ms|msec|s|sec|m|min|h|hr)?$/.exec(text.trim());
  if (match === null) return null;
  const factor = { m: 60_000, h: 3_600_000, ms: 1, s: 1_000 };
  const unit = match[2] ?? 's';
  const key = unit.startsWith('ms') ? 'ms' : unit.startsWith('m') ? 'm' : unit.startsWith('h') ? 'h' : 's';
  return Number(match[1]) * factor[key];
}

function elements(xml: string, name: string): Map<string, string>[] {
  return [...xml.matchAll(new RegExp(`<${name}\\s([^>]*)>`, 'g'))].map(
    (match) =>
      new Map(
        [...(match[1] ?? '').matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)].map((pair) => [
          pair[1] ?? '',
          pair[2] ?? '',
        ]),
      ),
  );
}
