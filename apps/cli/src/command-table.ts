// All commands. Each is loaded when it is called, because loading is most of what a short command costs.
import type { Command } from './command.ts';

/** A command in the table. */
export interface CommandEntry {
  readonly summary: string;
  /** The full paths under which it is found; the first is the command's home. */
  readonly paths: readonly string[];
  readonly load: () => Promise<{ command: Command }>;
}

/** A command that only has commands. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
}

export const GROUPS: readonly CommandGroup[] = [
  { name: 'container', summary: 'Manage containers' },
  { name: 'image', summary: 'Manage images' },
  { name: 'network', summary: 'Manage networks' },
  { name: 'system', summary: 'Manage Berth' },
  { name: 'volume', summary: 'Manage volumes' },
];

/** The names that the general help shows first, in this order. */
export const COMMON = ['run', 'exec', 'ps', 'pull', 'push', 'images', 'login', 'logout', 'search', 'version', 'info'];

export const COMMANDS: readonly CommandEntry[] = [
  {
    summary: 'Attach local standard input, output, and error streams to a running container',
    paths: ['container attach', 'attach'],
    load: () => import('./commands/attach.ts'),
  },
  {
    summary: "Create a new image from a container's changes",
    paths: ['container commit', 'commit'],
    load: () => import('./commands/commit.ts'),
  },
  {
    summary: 'Copy files/folders between a container and the local filesystem, or between containers',
    paths: ['container cp', 'cp'],
    load: () => import('./commands/cp.ts'),
  },
  {
    summary: 'Create a new container',
    paths: ['container create', 'create'],
    load: () => import('./commands/create.ts'),
  },
  {
    summary: "Export a container's filesystem as a tar archive",
    paths: ['container export', 'export'],
    load: () => import('./commands/export.ts'),
  },
  {
    summary: "Inspect changes to files or directories on a container's filesystem",
    paths: ['container diff', 'diff'],
    load: () => import('./commands/diff.ts'),
  },
  {
    summary: 'Execute a command in a running container',
    paths: ['container exec', 'exec'],
    load: () => import('./commands/exec.ts'),
  },
  {
    summary: 'Display detailed information on one or more containers',
    paths: ['container inspect'],
    load: () => import('./commands/container-inspect.ts'),
  },
  {
    summary: 'Kill one or more running containers',
    paths: ['container kill', 'kill'],
    load: () => import('./commands/kill.ts'),
  },
  {
    summary: 'Fetch the logs of a container',
    paths: ['container logs', 'logs'],
    load: () => import('./commands/logs.ts'),
  },
  {
    summary: 'List containers',
    paths: ['container ls', 'container list', 'container ps', 'ps'],
    load: () => import('./commands/ps.ts'),
  },
  {
    summary: 'Pause all processes within one or more containers',
    paths: ['container pause', 'pause'],
    load: () => import('./commands/pause.ts'),
  },
  {
    summary: 'List port mappings or a specific mapping for the container',
    paths: ['container port', 'port'],
    load: () => import('./commands/port.ts'),
  },
  {
    summary: 'Remove all stopped containers',
    paths: ['container prune'],
    load: () => import('./commands/container-prune.ts'),
  },
  {
    summary: 'Rename a container',
    paths: ['container rename', 'rename'],
    load: () => import('./commands/rename.ts'),
  },
  {
    summary: 'Restart one or more containers',
    paths: ['container restart', 'restart'],
    load: () => import('./commands/restart.ts'),
  },
  {
    summary: 'Remove one or more containers',
    paths: ['container rm', 'container remove', 'rm'],
    load: () => import('./commands/rm.ts'),
  },
  {
    summary: 'Create and run a new container from an image',
    paths: ['container run', 'run'],
    load: () => import('./commands/run.ts'),
  },
  {
    summary: 'Start one or more stopped containers',
    paths: ['container start', 'start'],
    load: () => import('./commands/start.ts'),
  },
  {
    summary: 'Display a live stream of container(s) resource usage statistics',
    paths: ['container stats', 'stats'],
    load: () => import('./commands/stats.ts'),
  },
  {
    summary: 'Stop one or more running containers',
    paths: ['container stop', 'stop'],
    load: () => import('./commands/stop.ts'),
  },
  {
    summary: 'Unpause all processes within one or more containers',
    paths: ['container unpause', 'unpause'],
    load: () => import('./commands/unpause.ts'),
  },
  {
    summary: 'Update configuration of one or more containers',
    paths: ['container update', 'update'],
    load: () => import('./commands/update.ts'),
  },
  {
    summary: 'Display the running processes of a container',
    paths: ['container top', 'top'],
    load: () => import('./commands/top.ts'),
  },
  {
    summary: 'Block until one or more containers stop, then print their exit codes',
    paths: ['container wait', 'wait'],
    load: () => import('./commands/wait.ts'),
  },
  {
    summary: 'Show what differs between the file systems of two images',
    paths: ['image diff'],
    load: () => import('./commands/image-diff.ts'),
  },
  {
    summary: 'Show the history of an image',
    paths: ['image history', 'history'],
    load: () => import('./commands/history.ts'),
  },
  {
    summary: 'Import the contents from a tarball to create a filesystem image',
    paths: ['image import', 'import'],
    load: () => import('./commands/import.ts'),
  },
  {
    summary: 'Display detailed information on one or more images',
    paths: ['image inspect'],
    load: () => import('./commands/image-inspect.ts'),
  },
  {
    summary: 'List images',
    paths: ['image ls', 'image list', 'images'],
    load: () => import('./commands/images.ts'),
  },
  {
    summary: 'Load an image from a tar archive or STDIN',
    paths: ['image load', 'load'],
    load: () => import('./commands/load.ts'),
  },
  {
    summary: 'Remove unused images',
    paths: ['image prune'],
    load: () => import('./commands/image-prune.ts'),
  },
  {
    summary: 'Download an image from a registry',
    paths: ['image pull', 'pull'],
    load: () => import('./commands/pull.ts'),
  },
  {
    summary: 'Upload an image to a registry',
    paths: ['image push', 'push'],
    load: () => import('./commands/push.ts'),
  },
  {
    summary: 'Remove one or more images',
    paths: ['image rm', 'image remove', 'rmi'],
    load: () => import('./commands/rmi.ts'),
  },
  {
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    paths: ['image save', 'save'],
    load: () => import('./commands/save.ts'),
  },
  {
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    paths: ['image tag', 'tag'],
    load: () => import('./commands/tag.ts'),
  },
  {
    summary: 'Generate the autocompletion script for the specified shell',
    paths: ['completion'],
    load: () => import('./commands/completion.ts'),
  },
  {
    summary: 'Show disk usage',
    paths: ['system df'],
    load: () => import('./commands/system-df.ts'),
  },
  {
    summary: 'Get real time events from the server',
    paths: ['system events', 'events'],
    load: () => import('./commands/events.ts'),
  },
  {
    summary: 'Display system-wide information',
    paths: ['system info', 'info'],
    load: () => import('./commands/info.ts'),
  },
  {
    summary: 'Remove unused data',
    paths: ['system prune'],
    load: () => import('./commands/system-prune.ts'),
  },
  {
    summary: 'Authenticate to a registry',
    paths: ['login'],
    load: () => import('./commands/login.ts'),
  },
  {
    summary: 'Log out from a registry',
    paths: ['logout'],
    load: () => import('./commands/logout.ts'),
  },
  {
    summary: 'Search Docker Hub for images',
    paths: ['search'],
    load: () => import('./commands/search.ts'),
  },
  {
    summary: 'Return low-level information on Berth objects',
    paths: ['inspect'],
    load: () => import('./commands/inspect.ts'),
  },
  {
    summary: 'Show the Berth version information',
    paths: ['version'],
    load: () => import('./commands/version.ts'),
  },
  {
    summary: 'Connect a container to a network',
    paths: ['network connect'],
    load: () => import('./commands/network-connect.ts'),
  },
  {
    summary: 'Create a network',
    paths: ['network create'],
    load: () => import('./commands/network-create.ts'),
  },
  {
    summary: 'Disconnect a container from a network',
    paths: ['network disconnect'],
    load: () => import('./commands/network-disconnect.ts'),
  },
  {
    summary: 'Display detailed information on one or more networks',
    paths: ['network inspect'],
    load: () => import('./commands/network-inspect.ts'),
  },
  {
    summary: 'List networks',
    paths: ['network ls', 'network list'],
    load: () => import('./commands/network-ls.ts'),
  },
  {
    summary: 'Remove all unused networks',
    paths: ['network prune'],
    load: () => import('./commands/network-prune.ts'),
  },
  {
    summary: 'Remove one or more networks',
    paths: ['network rm', 'network remove'],
    load: () => import('./commands/network-rm.ts'),
  },
  {
    summary: 'Copy a volume to a new one',
    paths: ['volume cp'],
    load: () => import('./commands/volume-cp.ts'),
  },
  {
    summary: 'Create a volume',
    paths: ['volume create'],
    load: () => import('./commands/volume-create.ts'),
  },
  {
    summary: "Export a volume's contents as a tar archive",
    paths: ['volume export'],
    load: () => import('./commands/volume-export.ts'),
  },
  {
    summary: 'Import the contents from a tarball into a volume',
    paths: ['volume import'],
    load: () => import('./commands/volume-import.ts'),
  },
  {
    summary: 'Display detailed information on one or more volumes',
    paths: ['volume inspect'],
    load: () => import('./commands/volume-inspect.ts'),
  },
  {
    summary: 'List volumes',
    paths: ['volume ls', 'volume list'],
    load: () => import('./commands/volume-ls.ts'),
  },
  {
    summary: 'Remove unused local volumes',
    paths: ['volume prune'],
    load: () => import('./commands/volume-prune.ts'),
  },
  {
    summary: 'Rename a volume',
    paths: ['volume rename'],
    load: () => import('./commands/volume-rename.ts'),
  },
  {
    summary: 'Replace the contents of a volume by those of a snapshot',
    paths: ['volume restore'],
    load: () => import('./commands/volume-restore.ts'),
  },
  {
    summary: 'Remove one or more volumes',
    paths: ['volume rm', 'volume remove'],
    load: () => import('./commands/volume-rm.ts'),
  },
  {
    summary: 'Create a snapshot of a volume',
    paths: ['volume snapshot'],
    load: () => import('./commands/volume-snapshot.ts'),
  },
];

/** For the scripts of `berth completion`; no help shows it. */
const COMPLETE: CommandEntry = {
  summary: 'List what the last of these words can be',
  paths: ['__complete'],
  load: () => import('./commands/complete.ts'),
};

/** Finds a command by its path, without the leading `berth`. */
export function findCommand(path: string): CommandEntry | undefined {
  return [...COMMANDS, COMPLETE].find(({ paths }) => paths.includes(path));
}
