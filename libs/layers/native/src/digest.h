/* A running sha256, by libcrypto (which uses the CPU's SHA instructions). */
#ifndef BERTH_DIGEST_H
#define BERTH_DIGEST_H

#include <stddef.h>

/* `sha256:` and 64 hexadecimal digits, with the NUL. */
#define DIGEST_TEXT_SIZE 72

struct digest;

/* NULL when libcrypto cannot. Call it before the sandbox closes: it may load files. */
struct digest *digest_new(void);
void digest_free(struct digest *digest);
void digest_update(struct digest *digest, const void *bytes, size_t length);
void digest_finish(struct digest *digest, char text[DIGEST_TEXT_SIZE]);

#endif
