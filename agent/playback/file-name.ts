/** The name of an exported file: camera and start, harmless in a header and on any file system. Pure. */

const nameCharsMax = 48;

/** `front-door-20261119T083000Z.mp4` */
export function exportFileName(cameraName: string, fromMs: number): string {
  const name = cameraName
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, nameCharsMax);
  const stamp = new Date(fromMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${name === '' ? 'camera' : name}-${stamp}.mp4`;
}
