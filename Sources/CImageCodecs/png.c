#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "rows.h"

struct png_reading {
  cic_rows rows;
  png_structp decoder;
  png_infop info;
  const uint8_t *bytes;
  size_t left;
  cic_status status;
  char *message;
};

static void fail(png_structp decoder, png_const_charp text) {
  struct png_reading *reading = png_get_error_ptr(decoder);
  if (reading->status == CIC_OK) reading->status = CIC_UNDECODABLE;
  snprintf(reading->message, CIC_MESSAGE_BYTES, "%s", text);
  png_longjmp(decoder, 1);
}

static void ignore_warning(png_structp decoder, png_const_charp text) {
  (void)decoder;
  (void)text;
}

static void read_bytes(png_structp decoder, png_bytep output, size_t count) {
  struct png_reading *reading = png_get_io_ptr(decoder);
  if (count > reading->left) {
    reading->status = CIC_TRUNCATED;
    png_error(decoder, "the file ends before the image does");
  }
  memcpy(output, reading->bytes, count);
  reading->bytes += count;
  reading->left -= count;
}

/* Skips all chunks except header, palette, transparency and pixels, because a few bytes of them can inflate to
 * megabytes. EXIF, XMP and tRNS are read elsewhere. */
static void skip_metadata(png_structp decoder) {
  png_set_keep_unknown_chunks(decoder, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
}

/* Returns false if there is no memory for libpng's own structures. */
static int begin(struct png_reading *reading, const uint8_t *bytes, size_t count, char *message) {
  memset(reading, 0, sizeof(*reading));
  message[0] = 0;
  reading->message = message;
  reading->bytes = bytes;
  reading->left = count;
  reading->decoder = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, fail, ignore_warning);
  reading->info = reading->decoder ? png_create_info_struct(reading->decoder) : NULL;
  if (!reading->info) {
    snprintf(message, CIC_MESSAGE_BYTES, "libpng has no memory, or another version than the one compiled with");
    return 0;
  }
  png_set_read_fn(reading->decoder, reading, read_bytes);
  skip_metadata(reading->decoder);
  return 1;
}

static void end(struct png_reading *reading) { png_destroy_read_struct(&reading->decoder, &reading->info, NULL); }

/* Pillow's modes: 16 bits are kept for grey only, and grey with 16-bit alpha becomes RGBA. */
static void choose_layout(png_byte depth, png_byte color, cic_header *header) {
  switch (color) {
    case PNG_COLOR_TYPE_GRAY:
      header->layout = depth == 1 ? CIC_BILEVEL : depth == 16 ? CIC_GRAY_16 : CIC_GRAY;
      header->bytes_per_pixel = depth == 16 ? 2 : 1;
      break;
    case PNG_COLOR_TYPE_PALETTE:
      header->layout = CIC_PALETTE;
      header->bytes_per_pixel = 1;
      break;
    case PNG_COLOR_TYPE_GRAY_ALPHA:
      header->layout = depth == 16 ? CIC_RGBA : CIC_GRAY_ALPHA;
      header->bytes_per_pixel = depth == 16 ? 4 : 2;
      break;
    case PNG_COLOR_TYPE_RGB:
      header->layout = CIC_RGB;
      header->bytes_per_pixel = 3;
      break;
    default:
      header->layout = CIC_RGBA;
      header->bytes_per_pixel = 4;
      break;
  }
}

static void read_to_pixels(struct png_reading *reading, cic_header *header) {
  png_read_info(reading->decoder, reading->info);
  header->width = png_get_image_width(reading->decoder, reading->info);
  header->height = png_get_image_height(reading->decoder, reading->info);
  header->has_rows_in_order = png_get_interlace_type(reading->decoder, reading->info) == PNG_INTERLACE_NONE;
  choose_layout(png_get_bit_depth(reading->decoder, reading->info),
                png_get_color_type(reading->decoder, reading->info), header);
  png_colorp palette;
  int count = 0;
  if (png_get_PLTE(reading->decoder, reading->info, &palette, &count) != 0) {
    header->palette_count = (uint32_t)(count < 256 ? count : 256);
    for (uint32_t index = 0; index < header->palette_count; index++) {
      header->palette[index][0] = palette[index].red;
      header->palette[index][1] = palette[index].green;
      header->palette[index][2] = palette[index].blue;
    }
  }
}

/* The transformations that produce the layout: bytes for packed bits, the high byte of 16-bit colours. */
static void set_transformations(struct png_reading *reading, const cic_header *header) {
  switch (header->layout) {
    case CIC_PALETTE: png_set_packing(reading->decoder); break;
    case CIC_GRAY:
    case CIC_BILEVEL: png_set_expand_gray_1_2_4_to_8(reading->decoder); break;
    case CIC_GRAY_16: png_set_swap(reading->decoder); break;
    case CIC_RGBA: png_set_gray_to_rgb(reading->decoder); /* fall through */
    case CIC_RGB:
    case CIC_GRAY_ALPHA:
    case CIC_CMYK: png_set_strip_16(reading->decoder); break;
  }
}

cic_status cic_png_read_header(const uint8_t *bytes, size_t count, cic_header *header, char *message) {
  struct png_reading reading;
  memset(header, 0, sizeof(*header));
  if (begin(&reading, bytes, count, message) == 0) {
    end(&reading);
    return CIC_UNDECODABLE;
  }
  if (setjmp(png_jmpbuf(reading.decoder)) != 0) {
    end(&reading);
    return reading.status;
  }
  read_to_pixels(&reading, header);
  end(&reading);
  return CIC_OK;
}

cic_status cic_png_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  struct png_reading reading;
  cic_header header;
  memset(&header, 0, sizeof(header));
  if (begin(&reading, bytes, count, message) == 0) {
    end(&reading);
    return CIC_UNDECODABLE;
  }
  if (setjmp(png_jmpbuf(reading.decoder)) != 0) {
    end(&reading);
    return reading.status;
  }
  read_to_pixels(&reading, &header);
  set_transformations(&reading, &header);
  const int passes = png_set_interlace_handling(reading.decoder);
  png_read_update_info(reading.decoder, reading.info);
  const size_t row_bytes = png_get_rowbytes(reading.decoder, reading.info);
  if (row_bytes != (size_t)header.width * header.bytes_per_pixel || capacity / row_bytes < header.height) {
    end(&reading);
    return CIC_TOO_SMALL;
  }
  for (int pass = 0; pass < passes; pass++) {
    for (size_t row = 0; row < header.height; row++) {
      png_read_row(reading.decoder, pixels + row * row_bytes, NULL);
    }
  }
  end(&reading);
  return CIC_OK;
}

/* ---- Rows in order. */

static void close_rows(cic_rows *rows) {
  end((struct png_reading *)rows);
  free(rows);
}

static cic_status read_rows(cic_rows *rows, size_t row_count, uint8_t *pixels, char *message) {
  struct png_reading *reading = (struct png_reading *)rows;
  reading->message = message;
  if (setjmp(png_jmpbuf(reading->decoder)) != 0) return reading->status;
  const size_t row_bytes = png_get_rowbytes(reading->decoder, reading->info);
  for (size_t row = 0; row < row_count; row++) png_read_row(reading->decoder, pixels + row * row_bytes, NULL);
  return CIC_OK;
}

cic_status cic_png_open(const uint8_t *bytes, size_t count, cic_rows **rows, char *message) {
  struct png_reading *reading = cic_allocate(sizeof *reading, message);
  if (!reading) return CIC_NO_MEMORY;
  cic_header header;
  memset(&header, 0, sizeof(header));
  const int has_begun = begin(reading, bytes, count, message);
  reading->rows = (cic_rows){.read = read_rows, .close = close_rows};
  if (has_begun == 0) {
    close_rows(&reading->rows);
    return CIC_UNDECODABLE;
  }
  if (setjmp(png_jmpbuf(reading->decoder)) != 0) {
    const cic_status status = reading->status;
    close_rows(&reading->rows);
    return status;
  }
  read_to_pixels(reading, &header);
  set_transformations(reading, &header);
  png_read_update_info(reading->decoder, reading->info);
  if (header.has_rows_in_order == 0 ||
      png_get_rowbytes(reading->decoder, reading->info) != (size_t)header.width * header.bytes_per_pixel) {
    close_rows(&reading->rows);
    return CIC_TOO_SMALL;
  }
  *rows = &reading->rows;
  return CIC_OK;
}
