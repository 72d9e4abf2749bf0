/* Messages of the program itself on stderr, for whoever started it. */
#ifndef BERTH_COMPLAIN_H
#define BERTH_COMPLAIN_H

/* Prints "berth-ns: ..." and returns -1. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with the text of errno. */
int complain_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
