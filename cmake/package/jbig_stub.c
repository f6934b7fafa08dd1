// jbig_stub.c - stands in for JBIG-KIT in the tarball. Debian's libtiff cannot be loaded without
// libjbig.so.0, which is under the GPL and so is not shipped. These are the functions that libtiff
// calls, written from its use of them; all of them say no, so that a JBIG-compressed TIFF (a fax
// format for black and white pages) is an error, as with any libtiff that was built without JBIG.
#define EXPORT __attribute__((visibility("default")))

enum { JBG_EINVAL = 6 << 4 };  // any value but "all is well" and "feed me more"

EXPORT void jbg_dec_init(void* state) {
  (void)state;
}
EXPORT int jbg_dec_in(void* state, unsigned char* data, unsigned long length, unsigned long* used) {
  (void)state, (void)data, (void)length;
  if (used) *used = 0;
  return JBG_EINVAL;
}
EXPORT unsigned char* jbg_dec_getimage(const void* state, int plane) {
  (void)state, (void)plane;
  return 0;
}
EXPORT unsigned long jbg_dec_getsize(const void* state) {
  (void)state;
  return 0;
}
EXPORT unsigned long jbg_dec_getwidth(const void* state) {
  (void)state;
  return 0;
}
EXPORT unsigned long jbg_dec_getheight(const void* state) {
  (void)state;
  return 0;
}
EXPORT void jbg_dec_free(void* state) {
  (void)state;
}
EXPORT int jbg_newlen(unsigned char* data, unsigned long length) {
  (void)data, (void)length;
  return JBG_EINVAL;
}
EXPORT const char* jbg_strerror(int code) {
  (void)code;
  return "this libtiff has no JBIG";
}
EXPORT void jbg_enc_init(void* state, unsigned long width, unsigned long height, int planes,
                         unsigned char** bitmap, void (*put)(unsigned char*, unsigned long, void*),
                         void* file) {
  (void)state, (void)width, (void)height, (void)planes, (void)bitmap, (void)put, (void)file;
}
EXPORT void jbg_enc_out(void* state) {
  (void)state;
}
EXPORT void jbg_enc_free(void* state) {
  (void)state;
}
