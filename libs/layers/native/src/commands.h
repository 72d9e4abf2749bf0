/* What the program can be told to do. Each reports on stdout and returns the exit status. */
#ifndef BERTH_COMMANDS_H
#define BERTH_COMMANDS_H

/* Runs any other command: `arguments` as those of main. */
int run_command(int count, char **arguments);

/* Runs one command in a process of its own for each request on stdin, until stdin ends: see serve.c. */
int serve_command(void);

int unpack_command(int count, char **arguments);

/* `changes`, `compare`, `commit` and `pack`: see commands_usage. */
int changes_command(int count, char **arguments);
int compare_command(int count, char **arguments);
int commit_command(int count, char **arguments);
int pack_command(int count, char **arguments);

/* Copies a tree of files, whatever their names, into an empty directory. */
int copy_command(int count, char **arguments);

int compress_command(int count, char **arguments);

/* `stat`, `archive` and `extract`. */
int stat_command(int count, char **arguments);
int archive_command(int count, char **arguments);
int extract_command(int count, char **arguments);

/* `sync DIR`: waits until what was written to the directory's file system is on the disk. */
int sync_command(int count, char **arguments);

/* `spread DIR`: tells the file system to put what is made in the directory apart from each other. */
int spread_command(int count, char **arguments);

extern const char commands_usage[];

#endif
