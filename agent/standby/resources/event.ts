/** What a resource tells the journal. */
export interface ResourceEvent {
  readonly level: 'info' | 'warning' | 'error';
  readonly event: string;
  /** Id of the resource. */
  readonly subject: string;
  readonly text: string;
}
