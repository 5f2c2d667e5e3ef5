#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

/* JPEG and PNG decoding from memory through libjpeg-turbo and libpng, with the settings that Pillow uses. Both
 * libraries report errors by longjmp, which must not cross Swift frames, so it stays inside these functions. No
 * function keeps state or prints.
 *
 * First read the header; then decode into a buffer of the size that it states, or open the image and read its rows. */

typedef enum __attribute__((enum_extensibility(closed))) cic_status {
  CIC_OK = 0,
  CIC_TRUNCATED = 1,   /* the bytes end before the image does */
  CIC_UNDECODABLE = 2, /* the library rejects the bytes */
  CIC_UNSUPPORTED = 3, /* a valid file of an unsupported kind, such as two-component JPEG */
  CIC_TOO_SMALL = 4,   /* the caller's buffer is too small */
  CIC_TOO_MANY_SCANS = 5,
  CIC_NO_MEMORY = 6,
} cic_status;

/* The content of one pixel of the decoded image; Pillow's mode. */
typedef enum __attribute__((enum_extensibility(closed))) cic_layout {
  CIC_GRAY = 0,
  CIC_GRAY_ALPHA = 1,
  CIC_RGB = 2,
  CIC_RGBA = 3,
  CIC_CMYK = 4,    /* as stored: Adobe's JPEGs hold inverted values */
  CIC_PALETTE = 5, /* one byte, an index */
  CIC_BILEVEL = 6, /* one byte, 0 or 255 */
  CIC_GRAY_16 = 7, /* two bytes, little-endian */
} cic_layout;

typedef struct cic_header {
  uint32_t width, height;
  cic_layout layout;
  uint32_t bytes_per_pixel;
  uint32_t working_bytes_per_pixel; /* held by the library during decoding */
  uint32_t has_rows_in_order; /* 0 if only the complete image can be decoded: an interlaced PNG */
  uint32_t palette_count;
  uint8_t palette[256][3];
} cic_header;

#define CIC_MESSAGE_BYTES 200

/* Encoders write about ten scans into a progressive JPEG. Each scan visits all pixels, regardless of its bytes. */
#define CIC_MAX_SCANS 100

/* On any status except CIC_OK, `message` holds the library's reason; otherwise it is empty. `capacity` is the size of
 * `pixels` and must be width * height * bytes_per_pixel. */
cic_status cic_jpeg_read_header(const uint8_t *bytes, size_t count, cic_header *header, char *message);
cic_status cic_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);
cic_status cic_png_read_header(const uint8_t *bytes, size_t count, cic_header *header, char *message);
cic_status cic_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message);

/* An image whose rows are decoded in order. It refers to the bytes of its file. */
typedef struct cic_rows cic_rows;

/* What is decoded of a JPEG. */
typedef struct cic_window {
  uint32_t denominator; /* 1, 2, 4 or 8: sides are divided by it and rounded up; columns count in the result */
  uint32_t first_column, column_count;
} cic_window;

/* On success, `*rows` must be closed. `window` states the columns that are needed; afterwards, those that rows have: more,
 * so that the needed ones are the same as in the complete image. NULL for everything. */
cic_status cic_jpeg_open(const uint8_t *bytes, size_t count, cic_window *window, cic_rows **rows, char *message);
cic_status cic_png_open(const uint8_t *bytes, size_t count, cic_rows **rows, char *message);
/* Decodes the next `row_count` rows without gaps; at most as many as are left. After an error, only close it. */
cic_status cic_read_rows(cic_rows *rows, size_t row_count, uint8_t *pixels, char *message);
void cic_close(cic_rows *rows);

#endif
