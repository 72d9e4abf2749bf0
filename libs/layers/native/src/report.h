/* What the caller reads: one JSON object a line on stdout. */
#ifndef BERTH_REPORT_H
#define BERTH_REPORT_H

#include "container_path.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct layer_result {
  char diff_id[72];
  uint64_t size_bytes; /* apparent sizes of the regular files */
  uint64_t entries;
  bool has_root; /* the layer says how its root directory is */
  mode_t root_mode;
  uid_t root_uid;
  gid_t root_gid;
};

/* {"progress":{"readBytes":n}} */
void report_progress(uint64_t read_bytes);
/* {"result":{"diffId":"sha256:...","sizeBytes":n,"entries":n,"root":null|{"mode":n,"uid":n,"gid":n}}} */
void report_result(const struct layer_result *result);
/* {"done":{}}: of what has no other result */
void report_done(void);
/* {"directory":{"opaque":true}} */
void report_opaque(bool is_opaque);
/* {"usage":{"bytes":n}} */
void report_usage(uint64_t bytes);
/* {"stat":{"name":"...","sizeBytes":n,"mode":n,"seconds":n,"nanos":n,"link":"..."}} */
void report_stat(const struct container_path *path);
/* {"error":{"reason":"LAYER_INVALID","step":"...","errno":n,"detail":"..."}} */
void report_error(const struct layer_error *error);

/*
 * Writes `text` as a JSON string with its quotes into `buffer`, and a NUL. Bytes that are no printable ASCII become \u00XX, so
 * hostile names cannot break the line. Truncates to what fits; `size` is at least 3. Returns the length.
 */
size_t json_quote(const char *text, char *buffer, size_t size);

#endif
