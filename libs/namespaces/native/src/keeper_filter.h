/* What a keeper may call once its process runs (seccomp/keeper.profile). */
#ifndef BERTH_KEEPER_FILTER_H
#define BERTH_KEEPER_FILTER_H

/* Gives the filter to the calling process, for ever. It needs no_new_privs. Returns 0, or -1 with errno. */
int keeper_filter_load(void);

#endif
