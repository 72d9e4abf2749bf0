import { defineStopCommand } from '../container/stop-command.ts';

export const command = defineStopCommand('stopContainer');
