/** The pages there are, in the order of their keys. */
import type { Page, Shell } from '../shell.ts';
import { createHomePage } from './home.ts';
import { createInspectionPage } from './inspection/page.ts';

export function createPages(shell: Shell): Page[] {
  return [createHomePage(shell), createInspectionPage(shell)];
}
