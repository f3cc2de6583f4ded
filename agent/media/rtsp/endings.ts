/** How a session ends, in the words of the gap ledger and of the operator; every end of the machine is made here. */
import type { SessionEnd } from '../types.ts';
import type { AuthRefusal } from './auth-state.ts';
import { printable } from './message-codec.ts';

function ending(reason: SessionEnd['reason'], detail: string, hint: string, transient = true): SessionEnd {
  return { reason, detail, hint, transient };
}

const checkNetwork = 'Check that the camera has power and network, and that its address and port are right.';

const firstBytesShown = 40;

export const checkLocalAddress = 'Check the network card that was set for the cameras.';

export function stopped(): SessionEnd {
  return ending('stream-ended', 'The session was stopped on request.', 'Nothing needs to be done.');
}

/** Before anything was answered, or while it was: `code` is the errno name of the socket, null after an orderly close. */
export function connectionFailed(address: string, code: string | null): SessionEnd {
  if (code === 'ECONNREFUSED') {
    const hint =
      'The host answers but nothing listens there: check the RTSP port and that RTSP is enabled in the camera.';
    return ending('camera-unreachable', `${address} refused the connection.`, hint);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_FAIL' || code === 'ENODATA') {
    const hint = 'Check the host name in the camera address, or use its IP address.';
    return ending('camera-unreachable', `The host name of ${address} cannot be resolved (${code}).`, hint);
  }
  if (code === 'EPROTO' || code?.startsWith('ERR_SSL')) {
    const hint = 'Check that the camera speaks TLS on this port, or use rtsp:// for it.';
    return ending('camera-unreachable', `${address} did not agree on TLS (${printable(code)}).`, hint);
  }
  const what =
    code === null ? 'closed the connection before media flowed' : `cannot be reached (${printable(code)})`;
  return ending('camera-unreachable', `${address} ${what}.`, checkNetwork);
}

export function certificateMismatch(address: string): SessionEnd {
  const detail = `The TLS certificate of ${address} is not the one that was set for it.`;
  const hint = 'If the certificate of the camera was changed on purpose, enter its new fingerprint.';
  return ending('camera-unreachable', detail, hint, false);
}

export function connectTimedOut(address: string, timeoutMs: number, secure: boolean): SessionEnd {
  const what = secure ? 'complete a TLS connection' : 'accept a connection';
  const hint = secure
    ? 'Check the port, and that the camera speaks TLS there; without TLS the address begins with rtsp://.'
    : checkNetwork;
  return ending('camera-unreachable', `${address} did not ${what} in ${seconds(timeoutMs)}.`, hint);
}

/** `first`: the bytes that the other side began with. */
export function noRtsp(address: string, first: Uint8Array): SessionEnd {
  // A TLS record (RFC 8446, 5.1): alert or handshake, version 3.
  if ((first[0] === 0x15 || first[0] === 0x16) && first[1] === 3) {
    const hint = 'Write the address of the camera with rtsps://.';
    return ending('protocol-error', `${address} speaks TLS, not open RTSP.`, hint);
  }
  const began = printable(Buffer.from(first.subarray(0, firstBytesShown)).toString('latin1').trim());
  const hint = 'Check host and port: another service listens there. RTSP is usually on port 554.';
  return ending('protocol-error', `What answers at ${address} is no RTSP; it began with "${began}".`, hint);
}

/** `skippedBytes`: of what came instead of an answer. */
export function noAnswer(method: string, timeoutMs: number, skippedBytes: number): SessionEnd {
  if (skippedBytes > 0) {
    return malformed(`no answer to ${method} in ${seconds(timeoutMs)}, but ${skippedBytes} other bytes.`);
  }
  const detail = `The camera did not answer ${method} in ${seconds(timeoutMs)}.`;
  return ending(
    'camera-unreachable',
    detail,
    'Look whether the camera is overloaded; restart it if this stays.',
  );
}

export function connectionLost(code: string | null): SessionEnd {
  const detail =
    code === null
      ? 'The camera closed the connection while it was streaming.'
      : `The connection broke while the camera was streaming (${printable(code)}).`;
  return ending('stream-ended', detail, 'Look whether the camera restarted or the network was interrupted.');
}

export function endedByCamera(how: string): SessionEnd {
  return ending(
    'stream-ended',
    `The camera ended the stream (${how}).`,
    'Look whether its settings were changed or it restarted.',
  );
}

export function stalled(timeoutMs: number, udp: boolean): SessionEnd {
  const hint = udp
    ? 'Look whether a firewall drops the UDP packets, or set the transport to TCP.'
    : 'The connection is open but no video comes: look at the camera and at the load of the network.';
  return ending('stream-stalled', `No video packet came for ${seconds(timeoutMs)}.`, hint);
}

export function noPicture(timeoutMs: number): SessionEnd {
  const detail = `Video packets come, but no key frame with parameter sets in ${seconds(timeoutMs)}.`;
  return ending(
    'protocol-error',
    detail,
    'Set a key frame interval of a few seconds in the camera, and switch off "smart" codecs.',
  );
}

export function malformed(what: string): SessionEnd {
  const hint = 'Check that the address is an RTSP service; a firmware update of the camera may help.';
  return ending('protocol-error', `The camera sent what cannot be understood: ${what}`, hint);
}

export function unsupported(detail: string, hint: string): SessionEnd {
  return ending('unsupported-codec', detail, hint, false);
}

export function authFailed(why: AuthRefusal | 'forbidden', basicOffered: boolean): SessionEnd {
  if (why === 'no-credentials') {
    const hint = 'Enter the user name and password of the camera.';
    return ending('auth-failed', 'The camera asks for a user name and a password.', hint, false);
  }
  if (why === 'no-usable-scheme') {
    const hint = basicOffered
      ? 'It offers Basic only, which sends the password readably: use rtsps, or allow Basic for this camera (--allow-basic-auth).'
      : 'Set the RTSP authentication of the camera to digest.';
    return ending('auth-failed', 'The camera offers no way to log in that may be used.', hint, false);
  }
  if (why === 'forbidden') {
    const hint =
      'Give the user the right to view live video, or look whether the camera blocked it after failed tries.';
    return ending('auth-failed', 'The camera forbids this user to see the stream (403).', hint, false);
  }
  const hint = 'Check user name and password; many cameras block a user for minutes after failed tries.';
  return ending('auth-failed', 'The camera did not accept the user name or the password (401).', hint, false);
}

export function refused(method: string, status: number, reason: string): SessionEnd {
  const detail = `The camera answered ${method} with ${status} ${printable(reason)}`.trimEnd();
  if (status === 404 || status === 410) {
    const hint = 'Check the path in the camera address; its manual or ONVIF names the streams.';
    return ending('stream-not-found', `${detail}.`, hint);
  }
  if (status === 453 || status === 503) {
    const hint = 'The camera serves as many viewers as it can: close others, or raise its limit.';
    return ending('camera-unreachable', `${detail}.`, hint);
  }
  if (status === 454)
    return ending('stream-ended', `${detail}.`, 'The camera forgot the session, often by a restart.');
  if (status === 461) {
    const hint = 'The camera accepts neither TCP nor UDP: look at its RTSP and multicast settings.';
    return ending('protocol-error', `${detail}.`, hint);
  }
  return ending('protocol-error', `${detail}.`, 'Look at the log of the camera; a firmware update may help.');
}

export function redirectRefused(why: string): SessionEnd {
  return ending(
    'protocol-error',
    `The redirect of the camera is not followed: ${why}.`,
    'Enter the address that it redirects to.',
  );
}

function seconds(timeoutMs: number): string {
  return `${Math.round(timeoutMs / 100) / 10} s`;
}

export function unusableAddress(detail: string, hint: string): SessionEnd {
  return ending('camera-unreachable', detail, hint, false);
}

export function noPorts(detail: string): SessionEnd {
  return ending('camera-unreachable', detail, 'Set the transport of the camera to TCP.');
}

export function internalFailure(detail: string): SessionEnd {
  const text = `An internal error stopped the stream: ${printable(detail)}.`;
  return ending('protocol-error', text, 'The camera is tried again; report it if it stays.');
}
