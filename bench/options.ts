/** What every benchmark is given. */
export interface BenchOptions {
  readonly cameras: number;
  readonly mbps: number;
  readonly seconds: number;
  /** ffmpeg needs a process of 57 MB for each camera; its figures are per GB and per camera. */
  readonly ffmpegCameras: number;
  /** Where to write; a folder below it is made and removed. Default: the system's temporary folder. */
  readonly dir?: string | undefined;
  /** Progress for the person who waits; goes to standard error. */
  say(line: string): void;
}
