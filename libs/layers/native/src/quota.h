/*
 * What a directory may hold at most: a project quota, which ext4 and XFS have when they are mounted with `prjquota`. All that is made below the
 * directory belongs to its project.
 */
#ifndef BERTH_QUOTA_H
#define BERTH_QUOTA_H

/* `limit DIR BYTES`: gives an empty directory a project of its own, and that a limit. Refused where the file system enforces none. */
int limit_command(int count, char **arguments);

/* `unlimit DIR`: the project of a directory that goes has no limit any more, so that the file system can forget it. */
int unlimit_command(int count, char **arguments);

/* `usage DIR`: what the project of a directory occupies. */
int usage_command(int count, char **arguments);

#endif
