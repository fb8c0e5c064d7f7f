/*
 * A security key in software, for tests: a provider as PROTOCOL.u2f of OpenSSH describes it. The private key stands in the key handle,
 * so it protects nothing. What a person would do is said by the environment:
 *
 *   TOKEN_FLAGS  what a signature claims, in hexadecimal: 1 somebody touched it, 4 it asked for a PIN (default: what is asked for)
 *   TOKEN_PIN    the PIN that it wants when it has to ask for one (default: 1234)
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#define API_VERSION 0x000a0000
#define ECDSA 0
#define ED25519 1
#define VERIFY 0x04
#define GENERAL -1
#define UNSUPPORTED -2
#define PIN_REQUIRED -3

struct sk_option;

struct sk_enroll_response {
  uint8_t flags;
  uint8_t *public_key;
  size_t public_key_len;
  uint8_t *key_handle;
  size_t key_handle_len;
  uint8_t *signature;
  size_t signature_len;
  uint8_t *attestation_cert;
  size_t attestation_cert_len;
  uint8_t *authdata;
  size_t authdata_len;
};

struct sk_sign_response {
  uint8_t flags;
  uint32_t counter;
  uint8_t *sig_r;
  size_t sig_r_len;
  uint8_t *sig_s;
  size_t sig_s_len;
};

struct sk_resident_key;

uint32_t sk_api_version(void) { return API_VERSION; }

/* A copy that the caller frees. */
static int copied(uint8_t **to, size_t *to_len, const uint8_t *from, size_t len) {
  *to = malloc(len ? len : 1);
  if (*to == NULL) return -1;
  memcpy(*to, from, len);
  *to_len = len;
  return 0;
}

static int knows_pin(uint8_t flags, const char *pin) {
  const char *right = getenv("TOKEN_PIN");
  return !(flags & VERIFY) || (pin != NULL && strcmp(pin, right ? right : "1234") == 0);
}

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags, const char *pin,
              struct sk_option **options, struct sk_enroll_response **response) {
  uint8_t public_key[128], *handle = NULL;
  size_t public_len = sizeof public_key;
  (void)challenge, (void)challenge_len, (void)application, (void)options;
  if (alg != ECDSA && alg != ED25519) return UNSUPPORTED;
  if (!knows_pin(flags, pin)) return PIN_REQUIRED;

  int result = GENERAL;
  EVP_PKEY *key = alg == ECDSA ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  struct sk_enroll_response *made = calloc(1, sizeof *made);
  int handle_len = key ? i2d_PrivateKey(key, &handle) : -1;
  int got = key && (alg == ECDSA ? EVP_PKEY_get_octet_string_param(key, "pub", public_key, sizeof public_key, &public_len)
                                 : EVP_PKEY_get_raw_public_key(key, public_key, &public_len));
  if (made != NULL && got && handle_len > 0 && copied(&made->public_key, &made->public_key_len, public_key, public_len) == 0 &&
      copied(&made->key_handle, &made->key_handle_len, handle, (size_t)handle_len) == 0 &&
      copied(&made->signature, &made->signature_len, (const uint8_t *)"", 0) == 0 &&
      copied(&made->attestation_cert, &made->attestation_cert_len, (const uint8_t *)"", 0) == 0 &&
      copied(&made->authdata, &made->authdata_len, (const uint8_t *)"", 0) == 0) {
    made->flags = flags;
    *response = made;
    result = 0;
  }
  OPENSSL_free(handle);
  EVP_PKEY_free(key);
  return result;
}

/* What FIDO signs: hash of the application, flags, a counter, hash of the data. */
static void signed_data(uint8_t out[69], const char *application, uint8_t flags, uint32_t counter, const uint8_t *data, size_t len) {
  SHA256((const uint8_t *)application, strlen(application), out);
  out[32] = flags;
  for (int i = 0; i < 4; i++) out[33 + i] = (uint8_t)(counter >> (24 - 8 * i));
  SHA256(data, len, out + 37);
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *handle, size_t handle_len,
            uint8_t flags, const char *pin, struct sk_option **options, struct sk_sign_response **response) {
  uint8_t message[69], signature[256], number[32];
  size_t len = sizeof signature;
  const char *claimed = getenv("TOKEN_FLAGS");
  (void)options;
  if (alg != ECDSA && alg != ED25519) return UNSUPPORTED;
  if (!knows_pin(flags, pin)) return PIN_REQUIRED;

  int result = GENERAL;
  const uint8_t *at = handle;
  EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)handle_len);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  struct sk_sign_response *made = calloc(1, sizeof *made);
  if (key == NULL || context == NULL || made == NULL) goto out;
  made->flags = claimed ? (uint8_t)strtoul(claimed, NULL, 16) : (flags & 0x05);
  made->counter = 1;
  signed_data(message, application, made->flags, made->counter, data, data_len);
  if (EVP_DigestSignInit(context, NULL, alg == ECDSA ? EVP_sha256() : NULL, NULL, key) != 1 ||
      EVP_DigestSign(context, signature, &len, message, sizeof message) != 1) goto out;
  if (alg == ED25519) {
    if (copied(&made->sig_r, &made->sig_r_len, signature, len) != 0) goto out;
  } else {
    const uint8_t *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    int bad = pair == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(pair), number, 32) != 32 || copied(&made->sig_r, &made->sig_r_len, number, 32) != 0 ||
              BN_bn2binpad(ECDSA_SIG_get0_s(pair), number, 32) != 32 || copied(&made->sig_s, &made->sig_s_len, number, 32) != 0;
    ECDSA_SIG_free(pair);
    if (bad) goto out;
  }
  *response = made;
  made = NULL;
  result = 0;
out:
  free(made);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return result;
}

int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***keys, size_t *count) {
  (void)pin, (void)options, (void)keys, (void)count;
  return UNSUPPORTED;
}
