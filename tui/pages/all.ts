/** The pages there are, in the order of their keys. */
import type { Page, Shell } from '../shell.ts';
import { createHomePage } from './home.ts';
import { createInspectionPage } from './inspection/page.ts';
import { createLogPage } from './log/page.ts';
import { createReceiversPage } from './receivers/page.ts';
import { createRecordingPage } from './recording/page.ts';
import { createSetupPage } from './setup.ts';
import { createStandbyPage } from './standby/page.ts';
import { createStoragePage } from './storage/page.ts';
import { createSystemPage } from './system/page.ts';

export function createPages(shell: Shell): Page[] {
  return [
    createHomePage(shell),
    createStoragePage(shell),
    createRecordingPage(shell),
    createInspectionPage(shell),
    createStandbyPage(shell),
    createReceiversPage(shell),
    createLogPage(shell),
    createSystemPage(shell),
    createSetupPage(shell),
  ];
}
