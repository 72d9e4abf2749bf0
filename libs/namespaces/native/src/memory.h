/* Page tables on and off the path: a page fault costs more than most system calls of a start. */
#ifndef BERTH_MEMORY_H
#define BERTH_MEMORY_H

/* Maps the program's code and read-only data, of which a fork has nothing mapped. */
void memory_map_program(void);

/* Makes the writable pages that a start uses the process's own, while it still waits for work. */
void memory_own_pages(void);

/* Unmaps code that a start has used and the event loop does not: what is needed is mapped again, shared with every
 * other keeper. */
void memory_trim(void);

#endif
