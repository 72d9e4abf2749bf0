#include "digest.h"

#include <openssl/evp.h>
#include <stdio.h>

struct digest *digest_new(void) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();

  if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
    EVP_MD_CTX_free(context);
    context = NULL;
  }
  return (struct digest *)context;
}

void digest_free(struct digest *digest) {
  EVP_MD_CTX_free((EVP_MD_CTX *)digest);
}

void digest_update(struct digest *digest, const void *bytes, size_t length) {
  EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, length);
}

void digest_finish(struct digest *digest, char text[DIGEST_TEXT_SIZE]) {
  unsigned char raw[EVP_MAX_MD_SIZE] = {0};
  unsigned length = 0;
  int used = snprintf(text, DIGEST_TEXT_SIZE, "sha256:");

  EVP_DigestFinal_ex((EVP_MD_CTX *)digest, raw, &length);
  for (unsigned i = 0; i < 32; i++) used += snprintf(text + used, DIGEST_TEXT_SIZE - (size_t)used, "%02x", raw[i]);
}
